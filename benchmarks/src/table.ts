import type { Machine } from './machine.ts';
import type { Row } from './suite.ts';

/** Writes a figure with three significant digits, no exponent: `0.123`, `12.3`, `1,234`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** The run's circumstances, one line each. */
export function header(machine: Machine): string {
  const { date, commit, cpu, cores, memoryGb, system, node, v8, load, packages } = machine;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}  commit ${commit}  Node ${node} (V8 ${v8})  ${system}`,
    `${cores} × ${cpu}, ${memoryGb} GB, load ${load} at the start`,
    versions.join(', '),
  ].join('\n');
}

/** Says whether a row is only a point of a picture, and no figure of its own. */
export function isForPicture({ at }: Row): boolean {
  return at?.['plot'] !== undefined;
}

/** A table of rows for the terminal: ours first, each peer with the ratio in brackets. */
export function table(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const row of rows) {
    if (isForPicture(row)) continue;
    const spread = row.spread?.['ours'];
    const quartiles = spread ? ` (${figure(spread[0])}–${figure(spread[1])})` : '';
    const verdict = row.goal ? `  ${row.goal.met ? 'ok  ' : 'MISS'} ${row.goal.text}` : '';
    lines.push(`${row.case}: ${figure(row.ours)}${quartiles} ${row.unit}${verdict}`);
    for (const [name, value] of Object.entries(row.peers)) {
      const ratio = row.ratio[name];
      const times = ratio === undefined ? '' : `${figure(ratio)}×`;
      lines.push(`    ${name.padEnd(44)} ${figure(value).padStart(10)} ${times.padStart(9)}`);
    }
  }
  return lines.join('\n');
}
