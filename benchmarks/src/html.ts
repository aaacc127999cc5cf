import { escapeText } from './escape-text.ts';
import type { Machine } from './machine.ts';
import type { Picture, Row, Suite } from './suite.ts';
import { figure, header, isForPicture } from './table.ts';

/** Writes the report: one file, no scripts, nothing loaded from elsewhere. */
export function html(
  machine: Machine,
  results: readonly { readonly suite: Suite; readonly rows: readonly Row[] }[],
): string {
  const sections = results.map(({ suite, rows }) => {
    const pictures = suite.draw?.(rows) ?? [];
    const figures = rows.filter((row) => !isForPicture(row));
    return `<section id="${escapeText(suite.name)}">
<h2>${escapeText(suite.title)}</h2>
${pictures.map(figureOf).join('\n')}
${figures.length === 0 ? '' : tableOf(figures)}
</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wrr benchmarks</title>
<style>${STYLE}</style>
</head>
<body>
<h1>wrr benchmarks</h1>
<pre>${escapeText(header(machine))}</pre>
<p>Every figure in the tables is the median of interleaved rounds in one run; the small one below it is the ratio to
ours (above 1 we win). Compare figures within a row only.</p>
${sections.join('\n')}
</body>
</html>
`;
}

function figureOf({ title, caption, svg }: Picture): string {
  return `<figure>
<h3>${escapeText(title)}</h3>
${svg}
<figcaption>${escapeText(caption)}</figcaption>
</figure>`;
}

function tableOf(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const head = ['case', 'unit', 'ours', ...names].map((name) => `<th>${escapeText(name)}</th>`);
  const body = rows.map((row) => {
    const peers = names.map((name) => {
      const value = row.peers[name];
      if (value === undefined) return '<td></td>';
      const ratio = row.ratio[name];
      const times = ratio === undefined ? '' : `<small>${figure(ratio)}×</small>`;
      return `<td>${figure(value)}${times}</td>`;
    });
    const goal = row.goal
      ? `<small class="${row.goal.met ? 'met' : 'missed'}">${row.goal.met ? '✓' : '✗'} ${escapeText(row.goal.text)}</small>`
      : '';
    const spread = row.spread?.['ours'];
    const quartiles = spread ? `<small>${figure(spread[0])}–${figure(spread[1])}</small>` : '';
    return `<tr><th>${escapeText(row.case)}${goal}</th><td>${escapeText(row.unit)}</td><td><b>${figure(row.ours)}</b>${quartiles}</td>${peers.join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --soft: #656d76; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --soft: #8d96a0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
figure { margin: 1.5rem 0; } figure h3 { margin: 0 0 .5rem; } figcaption { color: var(--soft); max-width: 75ch; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; vertical-align: top; }
tbody th, thead th:first-child { text-align: left; font-weight: normal; } small { display: block; color: var(--soft); }
small.missed { color: #cf222e; } small.met { color: #1a7f37; } pre { overflow-x: auto; color: var(--soft); }
`;
