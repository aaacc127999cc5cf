import { linePlot, type Series } from '../plot.ts';
import type { Picture, Row } from '../suite.ts';
import { NAMES } from './contenders.ts';
import { dotPlot } from './dot-plot.ts';
import { errors, type Figure, p99 } from './figures.ts';
import { BOUND } from './fleet-rows.ts';
import { fewTimesHigh } from './scenarios.ts';

/** Draws the fleet suite's pictures from its rows. */
export function drawFleet(rows: readonly Row[]): readonly Picture[] {
  return [...againstLoad(rows), ...tails(rows), ...failures(rows)];
}

function rowsOf(rows: readonly Row[], figure: Figure): readonly Row[] {
  return rows.filter(({ at }) => at?.['figure'] === figure.name);
}

function values({ ours, peers }: Row): Readonly<Record<string, number>> {
  return { ours, ...peers };
}

/** Those whose lines lie on others', or above all: there are more names than colours. */
const CROWD: ReadonlySet<string> = new Set([
  NAMES.staticWithReports,
  'round robin',
  'weighted random',
  'EDF',
  'peak-EWMA / weight',
]);

function againstLoad(rows: readonly Row[]): readonly Picture[] {
  const chosen = rowsOf(rows, p99).filter(({ at }) => at?.['fleet'] === fewTimesHigh.name);
  const [first] = chosen;
  if (first === undefined || chosen.length < 2) return [];
  const series = Object.keys(values(first))
    .filter((name) => !CROWD.has(name))
    .map(
      (name): Series => ({
        name,
        points: chosen.map((row) => [Number(row.at?.['load']), values(row)[name] ?? Number.NaN]),
      }),
    );
  return [
    {
      title: 'A few clients, a few servers, noisy neighbours',
      caption:
        '99th percentile of the latency in milliseconds by load; medians of the seeds. A failed call counts as 2,000 ms, its deadline.',
      svg: linePlot({
        x: { label: 'load', domain: [0.5, 0.85] },
        y: { label: 'p99, ms', log: true },
        series,
      }),
    },
  ];
}

function tails(rows: readonly Row[]): readonly Picture[] {
  const chosen = rowsOf(rows, p99);
  if (chosen.length === 0) return [];
  const lines = chosen.map((row) => ({ name: titleOf(row), values: values(row) }));
  return [
    {
      title: 'Tail latency by fleet',
      caption:
        'Each dot is a policy: 99th percentile, further left is better. 2,000 ms is the deadline. Ours is adaptive dispatch; with hundreds of clients it is told the requests in flight.',
      svg: dotPlot('p99, ms', lines),
    },
  ];
}

/** Percentages that are less than this are drawn here: a log axis has no 0. */
const LEAST = 0.001;

function failures(rows: readonly Row[]): readonly Picture[] {
  const chosen = rowsOf(rows, errors).filter((row) =>
    Object.values(values(row)).some((value) => value > LEAST),
  );
  if (chosen.length === 0) return [];
  const lines = chosen.map((row) => ({
    name: titleOf(row),
    values: Object.fromEntries(
      Object.entries(values(row))
        .filter(([name]) => name !== BOUND)
        .map(([name, value]) => [name, Math.max(LEAST, value)]),
    ),
  }));
  return [
    {
      title: 'Failed calls by fleet',
      caption: `Each dot is a policy: percentage of the calls that failed, at the left edge ${LEAST} % or none.`,
      svg: dotPlot('failed calls, %', lines),
    },
  ];
}

function titleOf({ at }: Row): string {
  return `${at?.['fleet']}, ${Math.round(Number(at?.['load']) * 100)} %`;
}
