import type { Series } from './plot.ts';
import type { Row } from './suite.ts';

/**
 * A line for each contender: its figures against `x`, a name in the rows' `at`. With `onLog`, what a log
 * axis cannot show is left out.
 */
export function seriesOf(
  rows: readonly Row[],
  x: string,
  { onLog }: { readonly onLog: boolean },
): readonly Series[] {
  const names = ['ours', ...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  return names.map((name) => ({
    name,
    points: rows.flatMap((row) => {
      const value = name === 'ours' ? row.ours : row.peers[name];
      if (value === undefined || (onLog && value <= 0)) return [];
      return [[Number(row.at?.[x]), value] as const];
    }),
  }));
}
