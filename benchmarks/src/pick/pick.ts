import type { Context, Row, Suite } from '../suite.ts';
import { pickCost } from './cost.ts';
import { footprint } from './footprint.ts';
import { drawPick } from './pictures.ts';
import { fleetStart, smoothness } from './smoothness.ts';
import { updateCost } from './updates.ts';

const parts: Readonly<Record<string, (context: Context) => readonly Row[]>> = {
  cost: pickCost,
  updates: updateCost,
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
  ],
  run(context) {
    const { part } = context.options;
    const chosen = Object.entries(parts).filter(([name]) => part === undefined || name === part);
    return Promise.resolve(chosen.flatMap(([, run]) => run(context)));
  },
  draw: drawPick,
};
