import { linePlot, stripPlot } from '../plot.ts';
import { seriesOf } from '../series.ts';
import type { Picture, Row } from '../suite.ts';
import { sequences } from './smoothness.ts';

/** Draws what a pick costs against the number of endpoints, and what the sequences are worth. */
export function drawPick(rows: readonly Row[]): readonly Picture[] {
  const sets = [...new Set(rows.filter(isCost).map((row) => String(row.at?.['weights'])))];
  const fleets = [...new Set(rows.filter(isFleet).map((row) => String(row.at?.['set'])))];
  return [
    ...sets.map((set) => ({
      title: `Cost of a pick: ${set}`,
      caption: 'Nanoseconds a pick against the number of endpoints. Medians of interleaved rounds.',
      svg: linePlot({
        x: { label: 'endpoints', log: true },
        y: { label: 'ns / pick', log: true },
        series: seriesOf(
          rows.filter((row) => isCost(row) && row.at?.['weights'] === set),
          'n',
          { onLog: true },
        ),
      }),
    })),
    {
      title: 'Who is picked when: weights 9 and nine of 1',
      caption:
        'The first 72 picks from phase 0, a colour for each endpoint; the heavy one is the first colour. ' +
        'EDF sends nine calls in a row to it; static stride comes in waves.',
      svg: stripPlot(sequences([9, 1, 1, 1, 1, 1, 1, 1, 1, 1], 72)),
    },
    ...shares(rows),
    ...fleets.map((set) => ({
      title: `A fleet of 100 clients starts: weights ${set}`,
      caption:
        'How far the endpoints’ loads are from their weights after each client has made so many calls ' +
        '(root of the mean squared relative error). At a uniformly random phase clients spread at once.',
      svg: linePlot({
        x: { label: 'calls per client', log: true },
        y: { label: 'RMS error of the load', log: true },
        series: seriesOf(
          rows.filter((row) => isFleet(row) && row.at?.['set'] === set),
          'calls',
          { onLog: true },
        ),
      }),
    })),
  ];
}

/** Share of the calls against weight after three and a half cycles. */
function shares(rows: readonly Row[]): readonly Picture[] {
  const of = (figure: string): readonly Row[] =>
    rows.filter(({ at }) => at?.['plot'] === 'shares' && at['figure'] === figure);
  const share = of('share');
  const off = of('off');
  if (share.length === 0 || off.length === 0) return [];
  const picks = share[0]?.at?.['picks'];
  const phases = off[0]?.rounds;
  return [
    {
      title: 'Share of the calls against weight',
      caption:
        `Ten endpoints of weights 1 to 10, after ${picks} picks (three and a half cycles) from one ` +
        'random phase, that of seed 1; exact is the weight over the sum of the weights.',
      svg: linePlot({
        x: { label: 'weight' },
        y: { label: 'share of the calls, %' },
        series: seriesOf(share, 'weight', { onLog: false }),
      }),
    },
    {
      title: 'Calls off the share against weight',
      caption:
        `The same endpoints after the same ${picks} picks: how many calls an endpoint got more or ` +
        `less than its exact share, the most of ${phases} random phases.`,
      svg: linePlot({
        x: { label: 'weight' },
        y: { label: 'calls off the exact share' },
        series: seriesOf(off, 'weight', { onLog: false }),
      }),
    },
  ];
}

function isCost(row: Row): boolean {
  return row.unit === 'ns/pick' && row.at?.['n'] !== undefined;
}

function isFleet(row: Row): boolean {
  return row.at?.['calls'] !== undefined;
}
