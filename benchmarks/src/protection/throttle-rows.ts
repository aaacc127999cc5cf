import { mapValues } from '../interleave.ts';
import { median } from '../statistics.ts';
import type { Row } from '../suite.ts';
import type { Job } from './jobs.ts';
import { type Outage, simulateOutage } from './outage.ts';
import { aegis, goZero, kratosV3, sreBook, wrrThrottle } from './throttles.ts';

const THROTTLES = {
  ours: wrrThrottle(),
  'aegis (Kratos v2)': aegis,
  'Kratos v3': kratosV3,
  'go-zero': goZero,
  'SRE book, 120 s': sreBook,
};

/** A total outage of one backend behind one throttle: what still passes, and how it ends. */
export function throttleJobs(quick: boolean): readonly Job[] {
  const seeds = quick ? [1] : [1, 2, 3, 4, 5];
  return (quick ? [20, 1_000] : [20, 100, 1_000, 5_000]).map((rate) => ({
    name: `throttles in an outage at ${rate} calls/s`,
    run: async () => rowsAt(rate, seeds),
  }));
}

function rowsAt(rate: number, seeds: readonly number[]): readonly Row[] {
  const runs = mapValues(THROTTLES, (create) =>
    seeds.map((seed) => simulateOutage(create, rate, 1_000 * seed)),
  );
  const at = { rate };
  const { ours = [] } = runs;
  const met = ours.every(({ recoverySeconds }) => recoverySeconds <= 2.5);
  return [
    {
      ...row(`outage at ${rate} calls/s: calls that reach the dead backend`, 'calls/s', at),
      ...figures(runs, 'passedPerSecond'),
    },
    {
      ...row(`outage at ${rate} calls/s: time to 99 % afterwards`, 's', at),
      ...figures(runs, 'recoverySeconds'),
      goal: { text: '<= 2.5 s with every seed', met },
    },
  ];
}

function row(name: string, unit: string, at: Readonly<Record<string, number>>) {
  return { suite: 'protection', case: name, unit, at };
}

function figures(
  runs: Readonly<Record<string, readonly Outage[]>>,
  field: keyof Outage,
): Pick<Row, 'ours' | 'peers' | 'ratio' | 'rounds' | 'spread'> {
  const values = mapValues(runs, (outages) => outages.map((outage) => outage[field]));
  return compare(values);
}

/** Medians of the seeds with their extremes. No ratio where ours is 0: none says it. */
export function compare(
  values: Readonly<Record<string, readonly number[]>>,
): Pick<Row, 'ours' | 'peers' | 'ratio' | 'rounds' | 'spread'> {
  const { ours: own = [], ...others } = values;
  const ours = median(own);
  const peers = mapValues(others, median);
  return {
    ours,
    peers,
    ratio: ours > 0 ? mapValues(peers, (peer) => peer / ours) : {},
    rounds: own.length,
    spread: mapValues(values, (v) => [Math.min(...v), Math.max(...v)] as const),
  };
}
