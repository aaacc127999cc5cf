/** What retries and ramps must not do to the credits of the scheduler. */
import { createSmoothWeightedRoundRobin, type Scheduler } from '@wrr/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

function sumOfCredits(scheduler: Scheduler<number>, keys: number): number {
  let sum = 0;
  for (let key = 0; key < keys; key++) sum += scheduler.credit(key) ?? 0;
  return sum;
}

const subset = fc.uniqueArray(fc.nat(11), { maxLength: 12 });

it('R17: credits add up to 0 after any mix of picks that leave tried endpoints out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }),
      fc.array(subset, { minLength: 1, maxLength: 100 }),
      (weights, calls) => {
        const scheduler = createSmoothWeightedRoundRobin<number>();
        for (const [key, weight] of weights.entries()) scheduler.set(key, weight);
        for (const tried of calls) {
          scheduler.next(new Set(tried));
          expect(sumOfCredits(scheduler, weights.length)).toBe(0);
        }
      },
    ),
  );
});

it('S5: weights that change without a reset keep the sum at 0 and every credit within a call', () => {
  // Totals stay within a factor of two, in which credits are left alone.
  const weight = fc.integer({ min: 50, max: 100 });
  const change = fc.tuple(fc.nat(7), weight, fc.nat(5));
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 1, maxLength: 8 }),
      fc.array(change, { minLength: 1, maxLength: 100 }),
      (weights, changes) => {
        const scheduler = createSmoothWeightedRoundRobin<number>();
        for (const [key, own] of weights.entries()) scheduler.set(key, own);
        scheduler.next();
        let largest = scheduler.totalWeight;
        for (const [key, to, picks] of changes) {
          if (key < weights.length) scheduler.set(key, to);
          largest = Math.max(largest, scheduler.totalWeight);
          for (let i = 0; i < picks; i++) scheduler.next();
          expect(sumOfCredits(scheduler, weights.length)).toBe(0);
          for (let one = 0; one < weights.length; one++) {
            expect(Math.abs(scheduler.credit(one) ?? 0)).toBeLessThanOrEqual(largest);
          }
        }
      },
    ),
  );
});
