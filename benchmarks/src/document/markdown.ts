import { changeOf } from '../agreement.ts';
import type { Row } from '../suite.ts';
import { figure } from '../table.ts';
import { again, type Runs } from './runs.ts';

/** What stands in a cell of a peer: its figure, how many times ours is better, or both. */
export type Cells = 'figures' | 'ratios' | 'both';

/** Writes a table in Markdown. The first column is to the left, others to the right. */
export function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), `|${rule.join('|')}|`, ...body.map(line)].join('\n');
}

/**
 * A row a case: ours, then the peers, then the goal. A ratio on which the two runs do not agree, or a
 * figure where there is no ratio, is quoted with both figures.
 */
export function casesTable(
  runs: Runs,
  rows: readonly Row[],
  label: (row: Row) => string,
  cells: Cells,
): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const hasGoals = rows.some(({ goal }) => goal !== undefined);
  const body = rows.map((row) => [
    label(row),
    figure(row.ours),
    ...peers.map((peer) => peerCell(runs, row, peer, cells)),
    ...(hasGoals ? [goalOf(row)] : []),
  ]);
  return markdown(['', 'ours', ...peers, ...(hasGoals ? ['goal'] : [])], body);
}

/** A row a contender and case, a column for each value of `column`. */
export function pivotTable(
  rows: readonly Row[],
  label: (row: Row, contender: string) => string,
  column: (row: Row) => string,
): string {
  const columns = [...new Set(rows.map(column))];
  const lines = new Map<string, Map<string, string>>();
  for (const row of rows) {
    for (const [contender, value] of Object.entries({ ours: row.ours, ...row.peers })) {
      const name = label(row, contender);
      const line = lines.get(name) ?? new Map<string, string>();
      lines.set(name, line.set(column(row), figure(value)));
    }
  }
  const body = [...lines].map(([name, line]) => [name, ...columns.map((at) => line.get(at) ?? '')]);
  return markdown(['', ...columns], body);
}

/** What a goal says, and whether it is met. */
function goalOf({ goal }: Row): string {
  return goal === undefined ? '' : `${goal.text}: ${goal.met ? 'met' : '**missed**'}`;
}

/** How many times better ours is than a peer: both runs' figures where they do not agree. */
export function timesOf(runs: Runs, row: Row, peer: string): string | undefined {
  return bothOf(row.ratio[peer], again(runs, row)?.ratio[peer]);
}

function peerCell(runs: Runs, row: Row, peer: string, cells: Cells): string {
  const value = row.peers[peer];
  if (value === undefined) return '';
  if (cells === 'figures') return figure(value);
  const times = timesOf(runs, row, peer);
  // Where nothing can be divided (ours is 0) the figure itself is what is compared.
  if (times === undefined) return bothOf(value, again(runs, row)?.peers[peer]) ?? '';
  return cells === 'ratios' ? times : `${figure(value)} (${times})`;
}

/** A figure, and that of the second run if it is more than 10 % off. */
function bothOf(value: number | undefined, repeated: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  const isApart = repeated !== undefined && changeOf(value, repeated) > 0.1;
  return isApart ? `${figure(value)}; ${figure(repeated)}` : figure(value);
}
