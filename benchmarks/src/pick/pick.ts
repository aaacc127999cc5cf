import type { Suite } from '../suite.ts';
import { pickCost } from './cost.ts';

/** What a pick costs, and what the sequence is worth. */
export const pick: Suite = {
  name: 'pick',
  title: 'Scheduler: cost of a pick',
  run(context) {
    return Promise.resolve(pickCost(context));
  },
};
