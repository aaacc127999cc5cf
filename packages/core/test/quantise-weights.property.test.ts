import { isWeight, quantiseWeights } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const measured = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
const weights = fc.array(
  fc.oneof(measured, fc.constant(0), fc.double({ min: 1, max: 200, noNaN: true })),
  {
    minLength: 1,
    maxLength: 200,
  },
);

describe('quantiseWeights', () => {
  it('gives at most so many different weights, all of which a scheduler takes', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 2, max: 100 }), (all, steps) => {
        const quantised = quantiseWeights(all, { steps });
        expect(quantised.every(isWeight)).toBe(true);
        expect(new Set(quantised.filter((weight) => weight > 0)).size).toBeLessThanOrEqual(steps);
        for (const [i, weight] of all.entries()) expect(quantised[i] === 0).toBe(weight === 0);
      }),
    );
  });

  it('keeps proportions within 4.6 % by default', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.array(fc.double({ min: 1, max: 200, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (unit, factors) => {
          const all = factors.map((factor) => factor * unit);
          const quantised = quantiseWeights(all);
          // One common factor, and each weight off from it by at most half a step either way.
          const errors = quantised.map((weight, i) => Math.log(weight / (all[i] ?? 0)));
          const spread = Math.max(...errors) - Math.min(...errors);
          expect(Math.exp(spread / 2) - 1).toBeLessThan(0.046);
        },
      ),
    );
  });

  it('keeps the order, and equals equal', () => {
    fc.assert(
      fc.property(weights, (all) => {
        const quantised = quantiseWeights(all);
        const order = [...all.keys()].sort((a, b) => (all[a] ?? 0) - (all[b] ?? 0));
        for (let i = 1; i < order.length; i++) {
          expect(quantised[order[i] ?? 0]).toBeGreaterThanOrEqual(
            quantised[order[i - 1] ?? 0] ?? 0,
          );
        }
      }),
    );
  });

  it('raises the lightest to the range', () => {
    const [heavy = 0, light = 0] = quantiseWeights([1e9, 1], { range: 100, steps: 10 });
    expect(heavy).toBeGreaterThan(499_999);
    expect(heavy / light).toBeCloseTo(100, 1);
  });

  it('takes every option within its bounds, the bounds included', () => {
    expect(quantiseWeights([4, 1], { steps: 1_024, range: 2 })).toEqual([524_288, 262_144]);
    expect(quantiseWeights([4, 1], { steps: 2, range: 10_000 })).toHaveLength(2);
  });

  it('takes nothing and only drained endpoints', () => {
    expect(quantiseWeights([])).toEqual([]);
    expect(quantiseWeights([0, 0])).toEqual([0, 0]);
  });

  it.each([
    [[1, -1], {}, 'weights[1] must be a finite number >= 0, got -1'],
    [[Number.NaN], {}, 'weights[0] must be a finite number >= 0, got NaN'],
    [[1, Number.POSITIVE_INFINITY], {}, 'weights[1] must be a finite number >= 0, got Infinity'],
    [[1], { steps: 1 }, 'steps must be an integer from 2 to 1024, got 1'],
    [[1], { steps: 1_025 }, 'steps must be an integer from 2 to 1024, got 1025'],
    [[1], { steps: 2.5 }, 'steps must be an integer from 2 to 1024, got 2.5'],
    [[1], { range: 1.5 }, 'range must be a number from 2 to 10000, got 1.5'],
    [[1], { range: 10_001 }, 'range must be a number from 2 to 10000, got 10001'],
  ])('rejects %j with %j', (all, options, message) => {
    expect(() => quantiseWeights(all, options)).toThrow(new RangeError(message));
  });
});
