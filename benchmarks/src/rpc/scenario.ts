import { type LoadSample, sleep, startLoad, waitFor } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { median, quantile, seededRandom, shuffled } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { type Contender, contenders, DEADLINE_MS } from './scenario-clients.ts';
import { type ServerState, startScenarioServers } from './scenario-servers.ts';

const RATE = 1_000;
/** The one of the five that gets into trouble. */
const VICTIM = 2;

/** What can happen to one of five servers. */
export const scenarios = ['slow', 'black-hole', 'crash'] as const;
export type Scenario = (typeof scenarios)[number];

const TROUBLE: Readonly<Record<Scenario, ServerState>> = {
  slow: 'slow',
  'black-hole': 'black-hole',
  crash: 'dead',
};
const WORDS: Readonly<Record<Scenario, string>> = {
  slow: 'one of five servers is 5 times slower',
  'black-hole': 'one of five servers fails every call at once',
  crash: 'one of five servers was killed, and starts again half-way',
};

/** What one contender did in one round. */
interface Episode {
  /** How far the share of any server was from a fifth while all were healthy, in percent of a fifth. */
  readonly shareError: number;
  /** Of calls made in trouble, failed ones counted as the deadline, in milliseconds. */
  readonly p99: number;
  readonly p50: number;
  /** Of calls made in trouble, in percent. */
  readonly failed: number;
}

/**
 * 1,000 calls a second over five servers in processes of their own, each with four workers that are
 * busy by half. One gets into trouble while the calls go on. Every contender in every round, in random
 * order; no breakers and no retries.
 */
export async function scenarioRows(
  scenario: Scenario,
  { quick, progress }: Context,
): Promise<Row[]> {
  const rounds = quick ? 1 : 3;
  const silent = await startScenarioServers(false);
  const reporting = await startScenarioServers(true);
  const all = await contenders(silent, reporting);
  const episodes: Record<string, Episode[]> = {};
  const random = seededRandom(20_261_122);
  try {
    for (const contender of Object.values(all)) await spread(contender);
    for (let round = 1; round <= rounds; round++) {
      for (const [name, contender] of shuffled(Object.entries(all), random)) {
        progress(`${scenario}, round ${round} of ${rounds}: ${name}`);
        const episode = await run(contender, TROUBLE[scenario], quick);
        episodes[name] = [...(episodes[name] ?? []), episode];
      }
    }
  } finally {
    for (const contender of Object.values(all)) contender.close();
    silent.close();
    reporting.close();
  }
  const name = `1,000 calls/s, ${WORDS[scenario]}`;
  const healthy = `1,000 calls/s, five healthy servers (before ${scenario})`;
  return [
    row(
      `${name}: p99`,
      'ms',
      episodes,
      ({ p99 }) => p99,
      (ours, { static: theirs = 0 }) =>
        scenario === 'slow'
          ? { text: '≤ 0.3 of static dispatch', met: ours <= 0.3 * theirs }
          : undefined,
    ),
    row(`${name}: p50`, 'ms', episodes, ({ p50 }) => p50),
    row(
      `${name}: failed calls`,
      '%',
      episodes,
      ({ failed }) => failed,
      (ours) => (scenario === 'black-hole' ? { text: '≤ 1 %', met: ours <= 1 } : undefined),
    ),
    row(
      `${healthy}: worst share`,
      '% off',
      episodes,
      ({ shareError }) => shareError,
      (ours) => ({
        text: '≤ 2.5 %',
        met: ours <= 2.5,
      }),
    ),
  ];
}

/** Lets a contender connect to all servers, which are healthy. */
async function spread(contender: Contender): Promise<void> {
  const seen = new Set<string>();
  await waitFor(async () => {
    const replies = await Promise.allSettled(Array.from({ length: 10 }, () => contender.call()));
    for (const reply of replies) if (reply.status === 'fulfilled') seen.add(reply.value.server);
    return seen.size === 5;
  });
}

async function run(contender: Contender, trouble: ServerState, quick: boolean): Promise<Episode> {
  const [healthyMs, troubleMs] = quick ? [1_500, 2_000] : [3_000, 4_000];
  const { servers } = contender;
  const served: { readonly at: number; readonly server: string }[] = [];
  const load = startLoad(RATE, async () => {
    const at = load.now();
    served.push({ at, server: (await contender.call()).server });
  });
  await waitFor(() => load.now() > healthyMs, { timeoutMs: 60_000 });
  const before = load.now();
  await servers.set(VICTIM, trouble);
  const began = load.now();
  if (trouble === 'dead') {
    await waitFor(() => load.now() > began + troubleMs / 2, { timeoutMs: 60_000 });
    await servers.set(VICTIM, 'healthy');
  }
  await waitFor(() => load.now() > began + troubleMs, { timeoutMs: 60_000 });
  const ended = load.now();
  const { samples } = await load.stop();
  await servers.set(VICTIM, 'healthy');
  await sleep(700); // what the calls left in queues and multipliers
  await spread(contender);
  // The first half second is not counted: connections and compilers warm up.
  return {
    ...episodeOf(samples.filter(({ at }) => at >= began && at < ended)),
    shareError: shareErrorOf(served.filter(({ at }) => at >= 500 && at < before)),
  };
}

function episodeOf(samples: readonly LoadSample[]): Omit<Episode, 'shareError'> {
  const latencies = samples.map(({ latencyMs, error }) =>
    error === undefined ? latencyMs : Math.max(latencyMs, DEADLINE_MS),
  );
  const failures = samples.filter(({ error }) => error !== undefined).length;
  return {
    p99: quantile(latencies, 0.99),
    p50: quantile(latencies, 0.5),
    failed: (100 * failures) / samples.length,
  };
}

function shareErrorOf(served: readonly { readonly server: string }[]): number {
  const counts = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, 0]));
  for (const { server } of served) counts.set(server, (counts.get(server) ?? 0) + 1);
  const fifth = served.length / 5;
  return Math.max(...[...counts.values()].map((count) => 100 * Math.abs(count / fifth - 1)));
}

/** Medians of the rounds; a ratio above 1 means that ours is better. None where ours is nothing. */
function row(
  name: string,
  unit: string,
  episodes: Readonly<Record<string, readonly Episode[]>>,
  figure: (episode: Episode) => number,
  judge?: (ours: number, peers: Readonly<Record<string, number>>) => Row['goal'],
): Row {
  const samples = mapValues(episodes, (all) => all.map(figure));
  const { ours: own = [], ...others } = samples;
  const ours = median(own);
  const peers = mapValues(others, median);
  const goal = judge?.(ours, peers);
  return {
    suite: 'rpc',
    case: name,
    unit,
    ours,
    peers,
    ratio: ours === 0 ? {} : mapValues(peers, (peer) => peer / ours),
    rounds: own.length,
    spread: mapValues(samples, (s) => [Math.min(...s), Math.max(...s)] as const),
    ...(goal && { goal }),
  };
}
