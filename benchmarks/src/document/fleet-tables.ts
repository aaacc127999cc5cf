import type { Row } from '../suite.ts';
import { figure } from '../table.ts';
import { markdown } from './markdown.ts';
import type { Run, Runs } from './runs.ts';

/** A call that failed counts as this long. */
const DEADLINE_MS = 2_000;

/** A table for each fleet: a row a policy, a column a figure. */
export function fleetTables({ rows: all }: Run): string {
  const rows = all.filter(isPlain);
  const titles = [...new Set(rows.map(titleOf))];
  return titles
    .map((title) => {
      const own = rows.filter((row) => titleOf(row) === title);
      const seeds = own[0]?.rounds === 1 ? 'one seed' : `medians of ${own[0]?.rounds} seeds`;
      return `### ${title} (${seeds})\n\n${fleetTable(own)}`;
    })
    .join('\n\n');
}

/** The goals, met and missed. */
export function fleetGoals({ first }: Runs): string {
  const body = first.rows
    .filter(({ suite, goal }) => suite === 'fleet' && goal !== undefined)
    .map((row) => [
      row.case,
      row.goal?.text ?? '',
      figure(row.ours),
      range(row, 'ours'),
      row.goal?.met ? 'met' : '**missed**',
    ]);
  return markdown(['goal', 'bound', 'is', 'spread', ''], body);
}

function titleOf({ case: name }: Row): string {
  return name.slice(0, name.lastIndexOf(': '));
}

function isPlain({ suite, unit }: Row): boolean {
  return suite === 'fleet' && unit !== 'times';
}

function fleetTable(rows: readonly Row[]): string {
  const contenders = [...new Set(rows.flatMap(({ peers }) => ['ours', ...Object.keys(peers)]))];
  const body = contenders.map((name) => [
    name === 'ours' ? `**${oursOf(rows)}**` : name,
    ...rows.map((row) => cell(row, name)),
  ]);
  const head = rows.map(({ at, unit }) => `${String(at?.['figure'])}, ${unit}`);
  return markdown(['', ...head], body);
}

/** Which of ours competes: the other one is among the peers. */
function oursOf([row]: readonly Row[]): string {
  const others = Object.keys(row?.peers ?? {});
  if (others.includes('wrr adaptive')) return 'wrr adaptive + reports';
  return others.includes('wrr adaptive + reports') ? 'wrr adaptive' : 'ours';
}

function cell(row: Row, name: string): string {
  const value = name === 'ours' ? row.ours : row.peers[name];
  if (value === undefined) return '';
  const isTail = row.at?.['figure'] === 'p99';
  if (row.unit === 'ms' && value >= DEADLINE_MS) return 'DL';
  return isTail && row.rounds > 1 ? `${figure(value)} [${range(row, name)}]` : figure(value);
}

function range({ spread }: Row, name: string): string {
  return spread?.[name]?.map(figure).join('–') ?? '';
}
