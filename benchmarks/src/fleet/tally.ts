import { DEADLINE_MS, type FleetModel } from './model.ts';

/** What came of one simulated run. */
export interface FleetResult {
  /** Latencies of the calls in the window, ascending; a failed call counts as the deadline. */
  readonly latencies: Float64Array;
  /** The work that the same calls asked for, ascending: what they would take if none ever waited. */
  readonly demands: Float64Array;
  readonly calls: number;
  readonly failed: number;
  /** Attempts in the measured time. */
  readonly attempts: number;
  /** Worst relative error of a client's share of a server, over the measured time. */
  readonly worstShareError: number;
  /** Standard deviation over mean of the servers' calls by capacity, over the measured time. */
  readonly imbalance: number;
  /** Attempts of all clients by time and server, {@link BUCKET_MS} a bucket, over the measured time. */
  readonly timeline: readonly Uint32Array[];
}

/** Length of a bucket of the timeline. */
export const BUCKET_MS = 100;

/** The value that the share `q` of the ascending `values` do not exceed. */
export function percentile(values: Float64Array, q: number): number {
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
}

/** Counts what happens in a run. */
export class Tally {
  readonly #model: FleetModel;
  readonly #latencies: number[] = [];
  readonly #demands: number[] = [];
  #failed = 0;
  #attempts = 0;
  /** Attempts by client and server. */
  readonly #shares: readonly Float64Array[];
  readonly #timeline: readonly Uint32Array[];

  constructor(model: FleetModel) {
    this.#model = model;
    const servers = model.capacities.length;
    this.#shares = Array.from({ length: model.clients }, () => new Float64Array(servers));
    const buckets = Math.ceil(model.measuredMs / BUCKET_MS);
    this.#timeline = Array.from({ length: buckets }, () => new Uint32Array(servers));
  }

  sent(now: number, client: number, server: number): void {
    const at = now - this.#model.warmUpMs;
    if (at < 0 || at >= this.#model.measuredMs) return;
    this.#attempts++;
    increment(this.#shares[client], server);
    increment(this.#timeline[Math.floor(at / BUCKET_MS)], server);
  }

  settled(now: number, startedAt: number, demandMs: number, isSuccess: boolean): void {
    const { warmUpMs, measuredMs, window = [0, measuredMs] } = this.#model;
    const at = startedAt - warmUpMs;
    if (at < window[0] || at >= window[1]) return;
    if (!isSuccess) this.#failed++;
    this.#latencies.push(isSuccess ? now - startedAt : DEADLINE_MS);
    this.#demands.push(demandMs);
  }

  result(): FleetResult {
    const { capacities, weights = capacities } = this.#model;
    const latencies = Float64Array.from(this.#latencies).sort();
    const load = capacities.map((capacity, server) => {
      return this.#shares.reduce((calls, own) => calls + (own[server] ?? 0), 0) / capacity;
    });
    return {
      latencies,
      demands: Float64Array.from(this.#demands).sort(),
      calls: latencies.length,
      failed: this.#failed,
      attempts: this.#attempts,
      worstShareError: Math.max(...this.#shares.map((own) => shareError(own, weights))),
      imbalance: variation(load),
      timeline: this.#timeline,
    };
  }
}

function increment(counts: Float64Array | Uint32Array | undefined, place: number): void {
  if (counts !== undefined) counts[place] = (counts[place] ?? 0) + 1;
}

function shareError(counts: Float64Array, weights: readonly number[]): number {
  const perWeight = sum(counts) / sum(weights);
  return weights.reduce((worst, weight, server) => {
    return Math.max(worst, Math.abs((counts[server] ?? 0) / (weight * perWeight) - 1));
  }, 0);
}

function variation(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length) / mean;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
