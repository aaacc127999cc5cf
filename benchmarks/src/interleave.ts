import { median, quantile, seededRandom, shuffled } from './statistics.ts';
import type { Row } from './suite.ts';

/**
 * Something to be timed: does its work so many times and returns a number that depends on it, so
 * that no compiler can leave the work out. Make it with {@link compileLoop}.
 */
export type Loop = (times: number) => number;

/** What is compared: `ours` and any number of peers. */
export type Contenders = Readonly<Record<string, Loop>> & { readonly ours: Loop };

/** How long and how often to measure. */
export interface Effort {
  /** Rounds in which every contender runs once. */
  readonly rounds: number;
  /** Aimed length of one contender's turn in a round. */
  readonly turnMs: number;
  /** Aimed length of one contender's warm-up. */
  readonly warmUpMs: number;
}

/** The usual effort, by whether the run is a quick one. */
export function effort(quick: boolean): Effort {
  return quick ? { rounds: 7, turnMs: 3, warmUpMs: 20 } : { rounds: 21, turnMs: 10, warmUpMs: 100 };
}

/** Nanoseconds of processor time per operation of one contender, one value a round. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/**
 * Times the contenders in turns: every round runs each of them once, in a fresh random order, so that
 * whatever slows the machine down for a while slows all of them. Compare medians of the same run only.
 */
export function interleave(contenders: Contenders, { rounds, turnMs, warmUpMs }: Effort): Samples {
  const random = seededRandom(20_261_122);
  const turns = Object.entries(contenders).map(([name, loop]) => {
    return { name, loop, times: calibrate(loop, turnMs, warmUpMs), samples: [] as number[] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { loop, times, samples } of shuffled(turns, random)) {
      samples.push((time(loop, times) / times) * 1e6);
    }
  }
  return Object.fromEntries(turns.map(({ name, samples }) => [name, samples]));
}

/** Warms the loop up, and finds how many operations fill a turn. */
function calibrate(loop: Loop, turnMs: number, warmUpMs: number): number {
  let times = 1;
  let perTurn = time(loop, times);
  while (perTurn < turnMs && times < 2 ** 30) {
    times *= 2;
    perTurn = time(loop, times);
  }
  const turns = Math.ceil(warmUpMs / Math.max(perTurn, 0.001));
  const elapsed: number[] = [];
  for (let turn = 0; turn < turns; turn++) elapsed.push(time(loop, times));
  const usual = elapsed.length === 0 ? perTurn : median(elapsed);
  return Math.max(1, Math.round((times * turnMs) / usual));
}

let sink = 0;

function time(loop: Loop, times: number): number {
  const start = cpuMs();
  sink ^= loop(times);
  return cpuMs() - start;
}

/** Processor time of this process: what others do on the machine meanwhile is not counted. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The value of all work done so far. Reading it is what keeps the work from being left out. */
export function workDone(): number {
  return sink;
}

/** Makes a row of samples where less is better (a time, a size). */
export function costRow(
  row: Pick<Row, 'suite' | 'case' | 'unit' | 'at' | 'goal'>,
  samples: Samples,
): Row {
  const { ours: own, ...others } = samples;
  if (own === undefined) throw new Error(`no sample of ours in case ${row.case}`);
  const ours = median(own);
  const peers = mapValues(others, median);
  return {
    ...row,
    ours,
    peers,
    ratio: mapValues(peers, (peer) => peer / ours),
    rounds: own.length,
    spread: mapValues(samples, (s) => [quantile(s, 0.25), quantile(s, 0.75)] as const),
  };
}

/** Applies `f` to every value of a record. */
export function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  f: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}
