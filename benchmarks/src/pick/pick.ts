import type { Context, Row, Suite } from '../suite.ts';
import { pickCost } from './cost.ts';
import { dispatchCost } from './dispatch-cost.ts';
import { footprint } from './footprint.ts';
import { drawPick } from './pictures.ts';
import { fleetStart, smoothness } from './smoothness.ts';
import { updateCost } from './updates.ts';

const parts: Readonly<Record<string, (context: Context) => readonly Row[]>> = {
  cost: pickCost,
  updates: updateCost,
  dispatch: dispatchCost,
  memory: footprint,
  smoothness,
  fleet: fleetStart,
};

/** What a pick costs, and what the sequence is worth. */
export const pick: Suite = {
  name: 'pick',
  title: 'Scheduler: cost of a pick, of changes, of memory; smoothness',
  options: [
    {
      flags: '--part <part>',
      description: 'only one part of pick',
      choices: Object.keys(parts),
    },
    {
      flags: '--dispatch <dispatch>',
      description: 'only what a call costs in a balancer with this dispatch, beside static (pick)',
      choices: ['adaptive'],
    },
  ],
  run(context) {
    const { dispatch } = context.options;
    const part = dispatch === undefined ? context.options['part'] : 'dispatch';
    const chosen = Object.entries(parts).filter(([name]) => part === undefined || name === part);
    return Promise.resolve(chosen.flatMap(([, run]) => run(context)));
  },
  draw: drawPick,
};
