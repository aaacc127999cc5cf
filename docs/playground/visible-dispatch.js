import { createSmoothWeightedRoundRobin, MAX_WEIGHT } from './core.js';

/** Small weights get steps for a warm-up's ramp; the sequence of 500, 100, 100 is that of 5, 1, 1. */
const SCALE = 100;

/**
 * A dispatch by weights alone whose scheduler can be looked into. `'static'`, the built-in one, picks
 * the same and shows no credits.
 */
export function createVisibleDispatch() {
  const scheduler = createSmoothWeightedRoundRobin();
  let states = new Map();
  const dispatcher = {
    epoch: 0,
    set({ endpoint: { key, weight }, warmUpFactor }) {
      const effective = Math.round(Math.min(weight * SCALE, MAX_WEIGHT) * warmUpFactor);
      scheduler.set(key, weight === 0 ? 0 : Math.max(1, effective));
    },
    delete: ({ endpoint: { key } }) => scheduler.delete(key),
    setRotation: ({ endpoint: { key }, inRotation }) => scheduler.setAvailable(key, inRotation),
    fit(all) {
      states = all;
    },
    next: (_now, tried) => states.get(scheduler.next(tried)),
    started() {},
    ended() {},
    describe() {},
    credit: ({ endpoint: { key } }) => scheduler.credit(key) / scheduler.totalWeight,
    restore() {},
  };
  return {
    mode: 'visible',
    createDispatcher: () => dispatcher,
    /** Calls that an endpoint is owed (positive) or has had in advance (negative). */
    credit(key) {
      const { totalWeight } = scheduler;
      return totalWeight === 0 ? 0 : (scheduler.credit(key) ?? 0) / totalWeight;
    },
  };
}
