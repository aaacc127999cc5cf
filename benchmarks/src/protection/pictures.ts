import { linePlot } from '../plot.ts';
import { seriesOf } from '../series.ts';
import type { Picture, Row } from '../suite.ts';

/** Draws the outages' timelines: failed calls, and attempts per call. */
export function drawProtection(rows: readonly Row[]): readonly Picture[] {
  const chosen = rows.filter(({ at }) => at?.['plot'] === 'timeline');
  const scenarios = [...new Set(chosen.map(({ at }) => at?.['scenario']))];
  return scenarios.flatMap((scenario) =>
    ['errors', 'load'].flatMap((figure) => {
      const own = chosen.filter(
        ({ at }) => at?.['scenario'] === scenario && at?.['figure'] === figure,
      );
      const [first] = own;
      return first === undefined ? [] : [draw(first, own)];
    }),
  );
}

function draw(first: Row, rows: readonly Row[]): Picture {
  const { scenario, figure, rate, troubleSeconds } = first.at ?? {};
  const label = figure === 'errors' ? 'failed calls, %' : 'attempts per call';
  return {
    title: `${scenario}: ${figure === 'errors' ? 'failed calls' : 'attempts'} over time`,
    caption:
      `Three endpoints, ${rate} calls a second; trouble from 0 to ${troubleSeconds} s. Simulated, first seed; ` +
      'calls by the second they were made in. Up to three attempts a call.',
    svg: linePlot({
      x: { label: 'seconds since the trouble began' },
      y: { label },
      series: seriesOf(rows, 'seconds', { onLog: false }),
      marks: [
        { x: 0, label: 'begins' },
        { x: Number(troubleSeconds), label: 'ends' },
      ],
    }),
  };
}
