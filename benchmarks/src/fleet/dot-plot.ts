import { scaleLog } from 'd3-scale';
import { escapeText } from '../escape-text.ts';
import { COLOURS } from '../plot.ts';
import { figure } from '../table.ts';

/** A line of dots on one log axis: who is where in one case. */
export interface DotLine {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

const LEFT = 300;
const RIGHT = 240;
const WIDTH = 1_000;
const LINE = 30;
const TOP = 12;

/** Draws lines of dots, a colour a name, as inline SVG. The dots named `ours` are drawn bold. */
export function dotPlot(label: string, lines: readonly DotLine[]): string {
  const names = [...new Set(lines.flatMap(({ values }) => Object.keys(values)))];
  const all = lines.flatMap(({ values }) => Object.values(values));
  const toX = scaleLog()
    .domain([Math.min(...all), Math.max(...all)])
    .range([LEFT, WIDTH - RIGHT])
    .nice();
  const bottom = TOP + Math.max(lines.length * LINE, names.length * 20);
  const colour = (i: number): string =>
    names[i] === 'ours' ? 'var(--ink)' : (COLOURS[i % COLOURS.length] ?? '');
  // Names beyond the colours get a ring instead of a disc, then a broken one.
  const mark = (x: number, y: number, i: number, title = ''): string =>
    `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${names[i] === 'ours' ? 6 : 4.5}" fill="${i < COLOURS.length ? colour(i) : 'none'}" stroke="${colour(i)}" stroke-width="2"${i < 2 * COLOURS.length ? '' : ' stroke-dasharray="2"'}>${title}</circle>`;
  const ticks = toX.ticks(5).filter((tick) => /^[125]/.test(tick.toExponential()));
  const parts = [
    ...ticks.map(
      (tick) =>
        `<line x1="${toX(tick).toFixed(1)}" x2="${toX(tick).toFixed(1)}" y1="${TOP}" y2="${bottom}" stroke="var(--line)"/>` +
        `<text x="${toX(tick).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${figure(tick)}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 38}" text-anchor="middle">${escapeText(label)}</text>`,
    ...lines.map(({ name, values }, row) => {
      const y = TOP + row * LINE + LINE / 2;
      const dots = Object.entries(values)
        .toSorted(([a], [b]) => Number(a === 'ours') - Number(b === 'ours'))
        .map(([who, value]) => {
          const title = `<title>${escapeText(`${who}: ${figure(value)}`)}</title>`;
          return mark(toX(value), y, names.indexOf(who), title);
        });
      return `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escapeText(name)}</text>${dots.join('')}`;
    }),
    ...names.map((name, i) => {
      const y = TOP + 10 + i * 20;
      return `${mark(WIDTH - RIGHT + 24, y, i)}<text x="${WIDTH - RIGHT + 36}" y="${y + 4}">${escapeText(name)}</text>`;
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 46}" width="${WIDTH}" height="${bottom + 46}" role="img">${parts.join('\n')}</svg>`;
}
