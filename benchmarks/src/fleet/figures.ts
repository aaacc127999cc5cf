import type { FleetModel } from './model.ts';
import { reactionMs } from './reaction.ts';
import { type FleetResult, percentile } from './tally.ts';

/** Something read off a run. Less is better. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly of: (result: FleetResult, model: FleetModel) => number;
  /** What no policy can better: the same of calls that never wait. */
  readonly bound?: (result: FleetResult) => number;
}

function latency(name: string, q: number): Figure {
  return {
    name,
    unit: 'ms',
    of: ({ latencies }) => percentile(latencies, q),
    bound: ({ demands }) => percentile(demands, q),
  };
}

export const p50: Figure = latency('p50', 0.5);
export const p99: Figure = latency('p99', 0.99);
export const p999: Figure = latency('p99.9', 0.999);

export const errors: Figure = {
  name: 'failed calls',
  unit: '%',
  of: ({ failed, calls }) => (100 * failed) / calls,
};

export const lost: Figure = { name: 'calls lost', unit: 'calls', of: ({ failed }) => failed };

export const shareError: Figure = {
  name: "worst error of a client's share of a server",
  unit: '%',
  of: ({ worstShareError }) => 100 * worstShareError,
};

export const imbalance: Figure = {
  name: "deviation of the servers' loads from their capacities",
  unit: '%',
  of: (result) => 100 * result.imbalance,
};

export const reaction: Figure = {
  name: 'time to react',
  unit: 'ms',
  of: (result, { fault }) => (fault === undefined ? Number.NaN : reactionMs(result, fault)),
};
