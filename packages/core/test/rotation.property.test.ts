import type { Scheduler } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS, type RotationLimits } from '../src/rotation-limits.ts';
import { createScheduler } from '../src/smooth-weighted-round-robin.ts';
import { NaiveNginx } from './naive-nginx.ts';

// Limits so small that every hand-over, rebase, spread and renumbering happens all the time.
const TINY: Record<string, Partial<RotationLimits>> = {
  'the plain loop': { plainSize: 1_000 },
  'weight classes, scanned': { plainSize: 0, scannedLines: 1_000 },
  'a tournament': { plainSize: 0, scannedLines: 0 },
  'a tournament without room': { plainSize: 0, scannedLines: 0, reach: 1 },
  'rebases at every third pick': { plainSize: 0, scannedLines: 2, horizon: 3 },
  'hand-overs all the time': { plainSize: 2, scannedLines: 3, horizon: 7, reach: 2, lastRank: 40 },
  'the limits in production': {},
};

/** Mutation runs need many short runs more than a few long ones. */
const SHARE = Number(process.env['WRR_RUN_SHARE'] ?? 1);

interface Step {
  readonly kind: 'next' | 'tried' | 'set' | 'delete' | 'down' | 'up' | 'restore';
  readonly key: number;
  readonly weight: number;
  readonly count: number;
  readonly keys: readonly number[];
}

const someWeight = fc.oneof(
  fc.nat(4),
  fc.nat(100),
  fc.constantFrom(1, 2, 1_000, 999_999, 1_000_000),
  fc.nat(1_000_000),
);
const someStep = (keys: number): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom<Step['kind'][]>(
      ...(['next', 'next', 'next', 'tried', 'set', 'set', 'set'] as const),
      ...(['delete', 'down', 'up', 'restore'] as const),
    ),
    key: fc.nat(keys - 1),
    weight: someWeight,
    count: fc.nat(40),
    keys: fc.array(fc.nat(keys), { maxLength: 4 }),
  });

function play(scheduler: Scheduler<number>, model: NaiveNginx, step: Step): void {
  const { kind, key } = step;
  switch (kind) {
    case 'next':
      for (let i = 0; i < step.count; i++) {
        if (scheduler.next() !== model.next()) expect.unreachable(`pick ${i} differs`);
      }
      return;
    case 'tried': {
      const tried = new Set(step.keys);
      expect(scheduler.next(tried)).toBe(model.next(tried));
      return;
    }
    case 'set':
      scheduler.set(key, step.weight);
      model.set(key, step.weight);
      return;
    case 'delete':
      expect(scheduler.delete(key)).toBe(model.peers.some((peer) => peer.key === key));
      model.delete(key);
      return;
    case 'down':
    case 'up':
      scheduler.setAvailable(key, kind === 'up');
      model.setAvailable(key, kind === 'up');
      return;
    case 'restore':
      scheduler.restore(scheduler.snapshot());
      model.settle();
      for (const peer of model.peers) peer.stale = !(peer.up && peer.weight > 0);
  }
}

/** Plays `history` on a scheduler and on the model, and compares them after every step. */
function compare(
  weights: readonly number[],
  history: readonly Step[],
  limits: Partial<RotationLimits>,
): void {
  const scheduler = createScheduler<number>({}, { ...LIMITS, ...limits });
  const model = new NaiveNginx();
  for (const [key, weight] of weights.entries()) {
    scheduler.set(key, weight);
    model.set(key, weight);
  }
  for (const step of history) {
    play(scheduler, model, step);
    for (const { key, current } of model.peers) {
      expect(scheduler.credit(key)).toBe(current);
    }
    expect(scheduler.size).toBe(model.peers.length);
    expect(scheduler.totalWeight).toBe(model.total());
  }
}

describe.each(Object.entries(TINY))(
  "equals nginx's loop, every credit included: %s",
  (_, limits) => {
    it.each([
      [3, 200],
      [12, 200],
      [60, 60],
    ])('with up to %i keys', (keys, numRuns) => {
      fc.assert(
        fc.property(
          fc.array(someWeight, { maxLength: keys }),
          fc.array(someStep(keys), { maxLength: 60 }),
          (weights, history) => compare(weights, history, limits),
        ),
        { numRuns: Math.ceil(numRuns * SHARE) },
      );
    });

    // Long queues, in which credits carried over from other totals put slots in the middle.
    it('among few different weights', () => {
      const few = fc.constantFrom(1, 1, 1, 2, 2, 3, 0);
      const step = someStep(40).map((one) => ({ ...one, weight: one.weight % 4 }));
      fc.assert(
        fc.property(
          fc.array(few, { minLength: 10, maxLength: 40 }),
          fc.array(step, { maxLength: 60 }),
          (weights, history) => compare(weights, history, limits),
        ),
        { numRuns: Math.ceil(60 * SHARE) },
      );
    });
  },
);
