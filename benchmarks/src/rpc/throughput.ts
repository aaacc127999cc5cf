import type { Client } from '@grpc/grpc-js';
import { channelOptions } from '@wrr/grpc-js';
import { callUnary, startGrpcCluster } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { median, quantile, seededRandom, shuffled } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { connect, everythingOn, roundRobin, spread } from './clients.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { latencyRows } from './latency-picture.ts';

const CALLERS = 32;

/** One contender's turn. */
export interface Turn {
  /** Calls per second. */
  readonly rate: number;
  /** 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  /** Processor time of the client's process per call, in microseconds. */
  readonly cpu: number;
}

/** What the contenders did, by name. */
export interface Comparison {
  readonly turns: Readonly<Record<string, readonly Turn[]>>;
  /** Latencies of the calls of all turns. */
  readonly latencies: Readonly<Record<string, LatencyHistogram>>;
}

/** Makes one call. */
export type Call = () => Promise<unknown>;

/**
 * Unary calls over three loopback servers, 32 callers at once, in interleaved turns: everything on,
 * against grpc-js's built-in round robin.
 */
export async function throughputRows(context: Context): Promise<Row[]> {
  const cluster = await startGrpcCluster([1, 1, 1]);
  const clients: Record<string, Client> = {
    ours: await connect(`wrr:///${cluster.weighted}`, everythingOn()),
    round_robin: await connect(`ipv4:${cluster.addresses}`, roundRobin),
    'policy alone': await connect(`wrr:///${cluster.weighted}`, channelOptions()),
  };
  let compared: Comparison;
  try {
    for (const client of Object.values(clients)) await spread(client, cluster);
    compared = await compareCalls(
      mapValues(clients, (client) => () => callUnary(client)),
      context,
    );
  } finally {
    for (const client of Object.values(clients)) client.close();
    await cluster.close();
  }
  const { turns, latencies } = compared;
  return [
    row('unary calls, 32 callers, 3 servers: throughput', 'calls/s', turns, ({ rate }) => rate, {
      moreIsBetter: true,
      goal: [0.97, '≥ 0.97 of round_robin'],
    }),
    row('unary calls, 32 callers, 3 servers: p99', 'ms', turns, ({ p99 }) => p99, {
      moreIsBetter: false,
      goal: [1 / 1.05, '≤ 1.05 × round_robin'],
    }),
    row('unary calls, 32 callers, 3 servers: client CPU', 'µs/call', turns, ({ cpu }) => cpu, {
      moreIsBetter: false,
    }),
    ...latencyRows('rpc', 'grpc-js', latencies, turns['ours']?.length ?? 0),
  ];
}

/** Lets 32 callers make calls for half a second at a time, the contenders in turns of random order. */
export async function compareCalls(
  calls: Readonly<Record<string, Call>>,
  { quick, progress }: Context,
  fullRounds = 31,
): Promise<Comparison> {
  const rounds = quick ? 5 : fullRounds;
  const turnMs = quick ? 200 : 500;
  const turns = mapValues(calls, (): Turn[] => []);
  const latencies = mapValues(calls, () => new LatencyHistogram());
  for (const call of Object.values(calls)) await turn(call, 2 * turnMs);
  const random = seededRandom(20_261_122);
  for (let round = 0; round < rounds; round++) {
    progress(`unary calls, round ${round + 1} of ${rounds}`);
    for (const [name, call] of shuffled(Object.entries(calls), random)) {
      turns[name]?.push(await turn(call, turnMs, latencies[name]));
    }
  }
  return { turns, latencies };
}

async function turn(call: Call, ms: number, all?: LatencyHistogram): Promise<Turn> {
  const latencies: number[] = [];
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const caller = async (): Promise<void> => {
    for (let now = began; now < began + ms; ) {
      const start = now;
      await call();
      now = performance.now();
      latencies.push(now - start);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  // Only now: counting takes processor time.
  for (const latency of latencies) all?.add(latency);
  return {
    rate: latencies.length / seconds,
    p99: quantile(latencies, 0.99),
    cpu: (user + system) / latencies.length,
  };
}

/** The ratio is the median of the rounds' own ratios: each pair ran within the same seconds. */
export function row(
  name: string,
  unit: string,
  turns: Readonly<Record<string, readonly Turn[]>>,
  figure: (turn: Turn) => number,
  { moreIsBetter, goal }: { moreIsBetter: boolean; goal?: readonly [number, string] },
): Row {
  const samples = mapValues(turns, (all) => all.map(figure));
  const { ours = [], ...others } = samples;
  const ratio = mapValues(others, (peer) =>
    median(
      ours.map((own, round) => {
        const other = peer[round] ?? Number.NaN;
        return moreIsBetter ? own / other : other / own;
      }),
    ),
  );
  return {
    suite: 'rpc',
    case: name,
    unit,
    ours: median(ours),
    peers: mapValues(others, median),
    ratio,
    rounds: ours.length,
    spread: mapValues(samples, (s) => [quantile(s, 0.25), quantile(s, 0.75)] as const),
    ...(goal && { goal: { text: goal[1], met: (ratio['round_robin'] ?? 0) >= goal[0] } }),
  };
}
