import type { Verdict } from './check.ts';
import type { ClientRecords, Records } from './records.ts';

const WIDTH = 1_200;
const LEFT = 190;
const RIGHT = 20;
const ROW = 18;
const CHART = 76;
/** More columns than this cannot be told apart. */
const COLUMNS = 500;

/** A place on the time axis. */
type ToX = (at: number) => number;

/** Draws the run: calls, errors and latency over time above the faults. One picture, without scripts. */
export function timeline(records: Records, verdict: Verdict): string {
  const { startedAt, endedAt } = records;
  const scale = (WIDTH - LEFT - RIGHT) / (endedAt - startedAt);
  const toX: ToX = (at) => LEFT + (at - startedAt) * scale;
  const charts = records.clients.flatMap((client) => {
    const columns = columnsOf(client, startedAt, endedAt);
    return [
      bars(`${client.kind}: calls/s`, 'ok', columns, ({ ok }) => ok, toX),
      bars(`${client.kind}: failed/s`, 'bad', columns, ({ bad }) => bad, toX),
      bars(`${client.kind}: slowest, ms`, 'slow', columns, ({ slow }) => slow, toX),
    ];
  });
  const rows = faultRows(records, verdict, toX);
  const height = charts.length * CHART + rows.height;
  const parts = [...charts, rows.drawing].map((drawing, index) => {
    return `<g transform="translate(0 ${index * CHART})">${drawing}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

/** One column of a client's charts: a second, or more in long runs. */
interface Column {
  readonly from: number;
  readonly to: number;
  /** A second. */
  ok: number;
  bad: number;
  /** The slowest call, in milliseconds. */
  slow: number;
}

function columnsOf({ reports }: ClientRecords, start: number, end: number): readonly Column[] {
  const seconds = Math.max(1, Math.ceil((end - start) / 1_000 / COLUMNS));
  const columns = Array.from({ length: Math.ceil((end - start) / 1_000 / seconds) }, (_, index) => {
    const from = start + index * seconds * 1_000;
    return { from, to: from + seconds * 1_000, ok: 0, bad: 0, slow: 0 };
  });
  const at = (time: number): Column | undefined =>
    columns[Math.min(columns.length - 1, Math.floor((time - start) / 1_000 / seconds))];
  for (const report of reports) {
    const column = at(report.to);
    if (column === undefined) continue;
    column.ok += report.succeeded / seconds;
    column.slow = Math.max(column.slow, report.latencies.at(-1) ?? 0);
    for (const { endedAt } of report.failed) {
      const failedIn = at(endedAt);
      if (failedIn !== undefined) failedIn.bad += 1 / seconds;
    }
  }
  return columns;
}

function bars(
  title: string,
  style: string,
  columns: readonly Column[],
  value: (column: Column) => number,
  toX: ToX,
): string {
  const base = CHART - 6;
  const top = Math.max(1, ...columns.map(value));
  const outline = columns.flatMap((column) => {
    if (value(column) === 0) return [];
    const tall = Math.max(1, (value(column) / top) * (base - 10));
    const [left, right] = [toX(column.from), toX(column.to)];
    return `M${left.toFixed(1)} ${base}V${(base - tall).toFixed(1)}H${right.toFixed(1)}V${base}Z`;
  });
  return `<text x="${LEFT - 8}" y="${base - 2}" text-anchor="end">${escapeText(title)}</text>
<text x="${LEFT - 8}" y="16" text-anchor="end" class="soft">${Math.round(top)}</text>
<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}"/>
<path class="${style}" d="${outline.join('')}"/>`;
}

function faultRows(
  records: Records,
  verdict: Verdict,
  toX: ToX,
): { readonly drawing: string; readonly height: number } {
  const { faults, quiet, stalls, startedAt, endedAt } = records;
  const kinds = [...new Set(faults.map(({ fault }) => fault.kind))].toSorted();
  const rows = ['quiet', ...kinds, 'machine stood still', 'promises broken'];
  const height = rows.length * ROW + 30;
  const bar = (row: string, style: string, from: number, to: number, text: string): string => {
    const y = rows.indexOf(row) * ROW + 3;
    const width = Math.max(2, toX(to) - toX(from));
    return `<rect class="${style}" x="${toX(from).toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 6}"><title>${escapeText(text)}</title></rect>`;
  };
  const labels = rows.map((row, index) => {
    return `<text x="${LEFT - 8}" y="${index * ROW + 13}" text-anchor="end">${row}</text>`;
  });
  const drawn = [
    ...quiet.map(({ from, to }) => bar('quiet', 'ok', from, to, 'quiet')),
    ...faults.map(({ fault, from, to }) => {
      const seconds = ((from - startedAt) / 1_000).toFixed(1);
      const text = `${seconds} s: ${fault.kind} ${fault.targets.join(',')} for ${to - from} ms`;
      return bar(fault.kind, 'fault', from, to, text);
    }),
    ...stalls.map(({ from, to }) => {
      return bar('machine stood still', 'slow', from, to, `${Math.round(to - from)} ms`);
    }),
    ...verdict.broken.map(({ at, promise, text }) => {
      return bar('promises broken', 'bad', at, at, `${promise}: ${text}`);
    }),
  ];
  const step = Math.max(10, Math.ceil((endedAt - startedAt) / 1_000 / 12 / 10) * 10);
  const ticks: string[] = [];
  for (let second = 0; startedAt + second * 1_000 < endedAt; second += step) {
    const x = toX(startedAt + second * 1_000).toFixed(1);
    ticks.push(
      `<line x1="${x}" x2="${x}" y1="0" y2="${height - 24}"/><text x="${x}" y="${height - 8}" text-anchor="middle" class="soft">${second} s</text>`,
    );
  }
  return { drawing: [...ticks, ...labels, ...drawn].join('\n'), height };
}

/** Makes text safe inside XML. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// In its own colours wherever it is shown.
const STYLE = `
text { fill: #1b1f24; font: 12px system-ui, sans-serif; } text.soft { fill: #656d76; }
line { stroke: #d0d7de; } .paper { fill: #ffffff; }
.ok { fill: #009E73; } .bad { fill: #D55E00; } .slow { fill: #0072B2; } .fault { fill: #CC79A7; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } text.soft { fill: #8d96a0; } line { stroke: #30363d; } .paper { fill: #0d1117; }
}
`;
