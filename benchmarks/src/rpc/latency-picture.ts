import { mapValues } from '../interleave.ts';
import { linePlot, type Series } from '../plot.ts';
import { seriesOf } from '../series.ts';
import type { Picture, Row } from '../suite.ts';
import type { LatencyHistogram } from './latency-histogram.ts';

const SHARES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** Latency distributions of the contenders, all turns pooled: one row for each share of the calls. */
export function latencyRows(
  suite: string,
  stack: string,
  histograms: Readonly<Record<string, LatencyHistogram>>,
  rounds: number,
): Row[] {
  return SHARES.map((share) => {
    const { ours = Number.NaN, ...peers } = mapValues(histograms, (h) => h.quantile(share));
    return {
      suite,
      case: `${stack}: latency that ${100 * share} % of the calls do not exceed`,
      unit: 'ms',
      ours,
      peers,
      ratio: {},
      rounds,
      at: { plot: 'latency', stack, share },
    };
  });
}

/** Draws the distributions, a picture for each stack. */
export function drawLatencies(rows: readonly Row[]): readonly Picture[] {
  const chosen = rows.filter(({ at }) => at?.['plot'] === 'latency');
  const stacks = [...new Set(chosen.map(({ at }) => String(at?.['stack'])))];
  return stacks.map((stack) => ({
    title: `Latency of unary calls: ${stack}`,
    caption:
      'Share of the calls that took so long at most, up to 99.9 %; further left is better. 32 callers at ' +
      'once, three servers on the same machine; the calls of all turns together, in buckets 1 % wide.',
    svg: linePlot({
      x: { label: 'latency, ms', log: true },
      y: { label: 'share of the calls', domain: [0, 1] },
      series: distributions(chosen.filter(({ at }) => at?.['stack'] === stack)),
    }),
  }));
}

/** Distributions: the figures lie along, the shares upwards. */
function distributions(rows: readonly Row[]): readonly Series[] {
  return seriesOf(rows, 'share', { onLog: true }).map(({ name, points }) => ({
    name,
    points: points.map(([share, ms]) => [ms, share] as const),
  }));
}
