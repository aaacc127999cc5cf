import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { escapeText } from './escape-text.ts';
import { figure } from './table.ts';

/** One axis of a plot. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  /** Ends of the axis. Default: the data's, and 0 on a linear axis. */
  readonly domain?: readonly [number, number];
}

/** A named line, drawn through its points in order. The series named `ours` is drawn bold. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A plot of lines: cost against size, a latency distribution, a timeline. */
export interface LinePlot {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Marks moments or limits on the x axis. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

const WIDTH = 900;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 250;
const TOP = 12;
const BOTTOM = 48;

/** Colours that differ also for people who do not see all of them (Okabe and Ito). */
export const COLOURS: readonly string[] = [
  '#0072B2',
  '#D55E00',
  '#009E73',
  '#CC79A7',
  '#E69F00',
  '#56B4E9',
  '#888888',
];

/** Draws a plot as inline SVG. */
export function linePlot({ x, y, series, marks = [] }: LinePlot): string {
  const points = series.flatMap((s) => s.points);
  const toX = scale(
    x,
    points.map(([value]) => value),
    [LEFT, WIDTH - RIGHT],
  );
  const toY = scale(
    y,
    points.map(([, value]) => value),
    [HEIGHT - BOTTOM, TOP],
  );
  const parts = [
    ...ticks(toX, x).map(
      (tick) =>
        `<line x1="${n(toX(tick))}" x2="${n(toX(tick))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="var(--line)"/>` +
        `<text x="${n(toX(tick))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${figure(tick)}</text>`,
    ),
    ...ticks(toY, y).map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(toY(tick))}" y2="${n(toY(tick))}" stroke="var(--line)"/>` +
        `<text x="${LEFT - 8}" y="${n(toY(tick) + 4)}" text-anchor="end">${figure(tick)}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.label)}</text>`,
    ...marks.map(
      (mark) =>
        `<line x1="${n(toX(mark.x))}" x2="${n(toX(mark.x))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="var(--soft)" stroke-dasharray="4 4"/>` +
        `<text x="${n(toX(mark.x) + 4)}" y="${TOP + 12}">${escapeText(mark.label)}</text>`,
    ),
    ...series.map((line, i) => {
      const above = series.slice(0, i).flatMap(({ name }) => legendLines(name)).length;
      return draw(line, i, toX, toY) + legend(line, i, above);
    }),
  ];
  return svg(WIDTH, HEIGHT, parts);
}

/** A row of coloured cells for each name: who was picked when. */
export function stripPlot(
  strips: readonly { readonly name: string; readonly cells: readonly number[] }[],
): string {
  const longest = strips.reduce((most, { cells }) => Math.max(most, cells.length), 1);
  const cell = Math.min(12, (WIDTH - 190) / longest);
  const parts = strips.map(({ name, cells }, row) => {
    const top = 8 + row * 30;
    const boxes = cells.map((value, i) => {
      const colour = COLOURS[value % COLOURS.length] ?? '';
      return `<rect x="${n(180 + i * cell)}" y="${top}" width="${n(Math.max(0.5, cell - 0.4))}" height="20" fill="${colour}"/>`;
    });
    return `<text x="170" y="${top + 15}" text-anchor="end">${escapeText(name)}</text>${boxes.join('')}`;
  });
  return svg(WIDTH, 16 + strips.length * 30, parts);
}

type Scale = ScaleContinuousNumeric<number, number>;

function scale(axis: Axis, values: readonly number[], range: [number, number]): Scale {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const [from, to] = axis.domain ?? [axis.log ? low : Math.min(0, low), high];
  if (!axis.log) return scaleLinear().domain([from, to]).range(range).nice();
  return scaleLog()
    .domain([roundDown(from), 1 / roundDown(1 / to)])
    .range(range);
}

/** The next of … 0.5, 1, 2, 5, 10 … that is not more: a whole power of ten leaves plots half empty. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const first = [5, 2].find((step) => step * power <= value * (1 + 1e-9)) ?? 1;
  return first * power;
}

function ticks(toPixel: Scale, axis: Axis): number[] {
  const all = toPixel.ticks(6);
  if (!axis.log) return all;
  // Of a log axis only the powers of ten; if those are few, also their doubles and fives.
  const powers = all.filter((tick) => isPower(tick));
  if (powers.length > 3) return powers;
  return all.filter((tick) => [1, 2, 5].some((first) => isPower(tick / first)));
}

function isPower(value: number): boolean {
  const exponent = Math.log10(value);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9;
}

/** Letters of a name that fit beside a plot. */
const LEGEND_LETTERS = 32;

/** Breaks a name at blanks into lines that fit. */
function legendLines(name: string): readonly string[] {
  const lines: string[] = [];
  for (const word of name.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= LEGEND_LETTERS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function draw({ name, points }: Series, index: number, toX: Scale, toY: Scale): string {
  const { colour, width, radius } = look(name, index);
  const path = points.map(([px, py]) => `${n(toX(px))},${n(toY(py))}`).join(' ');
  const dots =
    points.length > 30
      ? ''
      : points
          .map(([px, py]) => {
            const title = `<title>${escapeText(name)}: ${figure(px)}, ${figure(py)}</title>`;
            return `<circle cx="${n(toX(px))}" cy="${n(toY(py))}" r="${radius}" fill="${colour}">${title}</circle>`;
          })
          .join('');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>${dots}`;
}

/** A line's name to the right of the plot, below `above` lines of text. */
function legend({ name }: Series, index: number, above: number): string {
  const { colour, width } = look(name, index);
  const at = TOP + 14 + above * 20;
  const left = WIDTH - RIGHT + 16;
  const text = legendLines(name).map(
    (line, i) => `<text x="${left + 28}" y="${at + i * 16}">${escapeText(line)}</text>`,
  );
  return (
    `<line x1="${left}" x2="${left + 22}" y1="${at - 4}" y2="${at - 4}" stroke="${colour}" stroke-width="${width}"/>` +
    text.join('')
  );
}

function look(name: string, index: number) {
  return name === 'ours'
    ? { colour: 'var(--ink)', width: 3, radius: 4 }
    : { colour: COLOURS[index % COLOURS.length], width: 1.5, radius: 3 };
}

function svg(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${parts.join('\n')}</svg>`;
}

/** A coordinate, to a tenth of a pixel. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
