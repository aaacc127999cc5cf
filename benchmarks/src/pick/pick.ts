import type { Suite } from '../suite.ts';
import { pickCost } from './cost.ts';
import { footprint } from './footprint.ts';
import { drawPick } from './pictures.ts';
import { fleetStart, smoothness } from './smoothness.ts';
import { updateCost } from './updates.ts';

/** What a pick costs, and what the sequence is worth. */
export const pick: Suite = {
  name: 'pick',
  title: 'Scheduler: cost of a pick, of changes, of memory; smoothness',
  run(context) {
    const parts = [pickCost, updateCost, footprint, smoothness, fleetStart];
    return Promise.resolve(parts.flatMap((part) => part(context)));
  },
  draw: drawPick,
};
