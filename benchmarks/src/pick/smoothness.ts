import { seededRandom } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { makers, type Picker } from './pickers.ts';
import { shareRows } from './share-rows.ts';

const sets: Readonly<Record<string, readonly number[]>> = {
  '9 and nine of 1': [9, ...repeat(1, 9)],
  '99 and 99 of 1': [99, ...repeat(1, 99)],
  'ten of 100 and 90 of 1': [...repeat(100, 10), ...repeat(1, 90)],
  '1 to 10': Array.from({ length: 10 }, (_, i) => i + 1),
  '100 random from 1 to 100': random100(),
};

function repeat(weight: number, times: number): number[] {
  return Array.from({ length: times }, () => weight);
}

function random100(): number[] {
  const random = seededRandom(7);
  return Array.from({ length: 100 }, () => 1 + Math.floor(random() * 100));
}

interface Measures {
  /** Most calls ahead of, and behind, the exact share at any moment. */
  readonly ahead: number;
  readonly behind: number;
  /** Most picks of one endpoint in a row. */
  readonly run: number;
  /** Variance of the gaps between two picks of an endpoint, over the mean gap squared; mean by weight. */
  readonly gaps: number;
}

function measure(pick: Picker, weights: readonly number[]): Measures {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map(() => 0);
  const lastPick = weights.map(() => -1);
  const gaps: number[][] = weights.map(() => []);
  let [ahead, behind, run, length, last] = [0, 0, 0, 0, -1];
  for (let t = 1; t <= 2 * total; t++) {
    const index = pick();
    counts[index] = (counts[index] ?? 0) + 1;
    length = index === last ? length + 1 : 1;
    last = index;
    run = Math.max(run, length);
    const before = lastPick[index] ?? -1;
    if (before >= 0) gaps[index]?.push(t - before);
    lastPick[index] = t;
    for (const [i, weight] of weights.entries()) {
      const lag = (t * weight) / total - (counts[i] ?? 0);
      ahead = Math.max(ahead, -lag);
      behind = Math.max(behind, lag);
    }
  }
  const spread = gaps.map((list, i) => {
    const mean = total / (weights[i] ?? 1);
    const squares = list.reduce((sum, gap) => sum + (gap - mean) ** 2, 0);
    return (
      ((weights[i] ?? 0) / total) * (list.length === 0 ? 0 : squares / list.length / mean ** 2)
    );
  });
  return { ahead, behind, run, gaps: spread.reduce((a, b) => a + b, 0) };
}

const measures: readonly (readonly [keyof Measures, string, string])[] = [
  ['ahead', 'most calls ahead', 'calls'],
  ['behind', 'most calls behind', 'calls'],
  ['run', 'longest run', 'picks'],
  ['gaps', 'variance of gaps', 'of the mean squared'],
];

/** How evenly picks are spread, over two cycles from phase 0: exact figures, no timing. */
export function smoothness({ progress }: Context): readonly Row[] {
  const rows = Object.entries(sets).flatMap(([set, weights]) => {
    progress(`smoothness, ${set}`);
    const all = Object.entries(makers).map(([name, make]) => {
      return [name, measure(make(weights), weights)] as const;
    });
    return measures.map(([measured, name, unit]) => {
      return plain(
        `${name}, ${set}`,
        unit,
        all.map(([who, m]) => [who, m[measured]] as const),
        1,
      );
    });
  });
  return [...rows, ...shareRows()];
}

function atPhase0(weights: readonly number[]): Picker | undefined {
  return makers['ours']?.(weights);
}

/** How far the load of a fleet of clients, each of which makes few calls, is from the weights. */
export function fleetStart({ quick, progress }: Context): readonly Row[] {
  const fleets: Readonly<Record<string, readonly number[]>> = {
    '10 and nine of 1': [10, ...repeat(1, 9)],
    '1 to 10': Array.from({ length: 10 }, (_, i) => i + 1),
    'ten of 10 and 90 of 1': [...repeat(10, 10), ...repeat(1, 90)],
  };
  const runs = quick ? 5 : 40;
  return Object.entries(fleets).flatMap(([set, weights]) =>
    [1, 2, 5, 10, 20, 50].map((calls) => {
      progress(`100 clients × ${calls} calls, ${set}`);
      const named = { ...makers, 'ours at phase 0': atPhase0 };
      const errors = Object.entries(named).map(([name, make]) => {
        let sum = 0;
        for (let run = 0; run < runs; run++) sum += imbalance(make, weights, calls, run);
        return [name, sum / runs] as const;
      });
      const row = plain(`load of 100 clients × ${calls} calls, ${set}`, 'RMS error', errors, runs);
      return { ...row, at: { set, calls } };
    }),
  );
}

/** Root of the mean squared relative error of the endpoints' loads, by weight. */
function imbalance(
  make: (weights: readonly number[], seed: number) => Picker | undefined,
  weights: readonly number[],
  calls: number,
  run: number,
): number {
  const counts = weights.map(() => 0);
  for (let client = 0; client < 100; client++) {
    const pick = make(weights, 1_000 * run + client + 1);
    for (let i = 0; i < calls; i++) {
      const index = pick?.() ?? 0;
      counts[index] = (counts[index] ?? 0) + 1;
    }
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const squares = weights.map((weight, i) => {
    const share = weight / total;
    return share * ((counts[i] ?? 0) / (100 * calls * share) - 1) ** 2;
  });
  return Math.sqrt(squares.reduce((a, b) => a + b, 0));
}

function plain(
  name: string,
  unit: string,
  values: readonly (readonly [string, number])[],
  rounds: number,
): Row {
  const { ours = Number.NaN, ...peers } = Object.fromEntries(values);
  const ratio = Object.fromEntries(
    Object.entries(peers).map(([peer, value]) => [peer, value === ours ? 1 : value / ours]),
  );
  return { suite: 'pick', case: name, unit, ours, peers, ratio, rounds };
}

/** The first picks of a set, by scheduler: what the strip picture shows. */
export function sequences(
  weights: readonly number[],
  count: number,
): { name: string; cells: number[] }[] {
  return Object.entries(makers).map(([name, make]) => {
    const pick = make(weights);
    return { name, cells: Array.from({ length: count }, pick) };
  });
}
