import type { Verdict } from './check.ts';
import type { Figures } from './figures.ts';
import type { ClientRecords, Records } from './records.ts';
import { textReport } from './text-report.ts';

const WIDTH = 1_200;
const LEFT = 190;
const RIGHT = 20;
const ROW = 18;

/** A place on the time axis. */
type ToX = (at: number) => number;

/** Draws the run: one file without scripts, calls, errors and latency over time above the faults. */
export function plot(records: Records, figures: Figures, verdict: Verdict): string {
  const { startedAt, endedAt } = records;
  const scale = (WIDTH - LEFT - RIGHT) / (endedAt - startedAt);
  const toX: ToX = (at) => LEFT + (at - startedAt) * scale;
  const charts = records.clients.flatMap((client) => [
    bars(
      `${client.kind}: calls/s`,
      'ok',
      secondsOf(client, startedAt, ({ ok }) => ok),
      toX,
      startedAt,
    ),
    bars(
      `${client.kind}: failed/s`,
      'bad',
      secondsOf(client, startedAt, ({ bad }) => bad),
      toX,
      startedAt,
    ),
    bars(
      `${client.kind}: slowest, ms`,
      'slow',
      secondsOf(client, startedAt, ({ slow }) => slow),
      toX,
      startedAt,
    ),
  ]);
  const figure = [...charts, faultRows(records, verdict, toX)].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>wrr chaos, seed ${figures.seed}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Chaos, seed ${figures.seed}</h1>
${figure}
<pre>${escapeText(textReport(figures, verdict, startedAt))}</pre>
</body>
</html>
`;
}

/** One second of a client. */
interface Second {
  ok: number;
  bad: number;
  slow: number;
}

function secondsOf(
  { reports }: ClientRecords,
  start: number,
  value: (second: Second) => number,
): number[] {
  const seconds: Second[] = [];
  const at = (time: number): Second => {
    const index = Math.max(0, Math.floor((time - start) / 1_000));
    seconds[index] ??= { ok: 0, bad: 0, slow: 0 };
    return seconds[index];
  };
  for (const report of reports) {
    const second = at(report.to);
    second.ok += report.succeeded;
    second.slow = Math.max(second.slow, report.latencies.at(-1) ?? 0);
    for (const { endedAt } of report.failed) at(endedAt).bad++;
  }
  return Array.from(seconds, (second) => (second === undefined ? 0 : value(second)));
}

function bars(
  title: string,
  style: string,
  values: readonly number[],
  toX: ToX,
  start: number,
): string {
  const height = 70;
  const top = Math.max(1, ...values);
  const rects = values.flatMap((value, index) => {
    if (value === 0) return [];
    const tall = Math.max(1, (value / top) * (height - 10));
    const x = toX(start + index * 1_000);
    const width = Math.max(0.6, toX(start + 1_000) - toX(start) - 0.2);
    return `<rect class="${style}" x="${x.toFixed(1)}" y="${(height - tall).toFixed(1)}" width="${width.toFixed(1)}" height="${tall.toFixed(1)}"><title>${index} s: ${value}</title></rect>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height + 6}">
<text x="${LEFT - 8}" y="${height - 2}" text-anchor="end">${escapeText(title)}</text>
<text x="${LEFT - 8}" y="16" text-anchor="end" class="soft">${top}</text>
<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/>
${rects.join('')}
</svg>`;
}

function faultRows(records: Records, verdict: Verdict, toX: ToX): string {
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
  return `<svg viewBox="0 0 ${WIDTH} ${height}">${[...ticks, ...labels, ...drawn].join('\n')}</svg>`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --line: #d0d7de; --soft: #656d76; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --line: #30363d; --soft: #8d96a0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 1240px; margin: 1rem auto; padding: 0 1rem; }
svg { display: block; width: 100%; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg text.soft { fill: var(--soft); } svg line { stroke: var(--line); }
.ok { fill: #009E73; } .bad { fill: #D55E00; } .slow { fill: #0072B2; } .fault { fill: #CC79A7; }
pre { overflow-x: auto; font-size: 13px; }
`;
