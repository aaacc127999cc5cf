import { warmUpFactor } from '@wrr/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const curve = fc.record({
  minimum: fc.double({ min: 0.01, max: 1, noNaN: true }),
  aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
});

it('rises in a straight line from a tenth to all, by default', () => {
  const shares = [0, 50, 100, 250, 500, 999, 1_000, 5_000].map((age) => warmUpFactor(age, 1_000));
  expect(shares).toEqual([0.1, 0.1, 0.1, 0.25, 0.5, 0.999, 1, 1]);
});

it('S1: lies in [minimum, 1], never falls with age, and is 1 after the window', () => {
  fc.assert(
    fc.property(curve, fc.nat(100_000), fc.nat(100_000), fc.nat(1_000), (options, x, y, window) => {
      const { minimum } = options;
      const windowMs = window + 1;
      const [younger, older] = [Math.min(x, y), Math.max(x, y)];
      const factor = warmUpFactor(younger, windowMs, options);
      expect(factor).toBeGreaterThanOrEqual(minimum);
      expect(factor).toBeLessThanOrEqual(1);
      expect(warmUpFactor(older, windowMs, options)).toBeGreaterThanOrEqual(factor);
      expect(warmUpFactor(windowMs + younger, windowMs, options)).toBe(1);
    }),
  );
});

it('S4: an age below zero, from a clock that stepped back, is age zero', () => {
  expect(warmUpFactor(-5_000, 1_000)).toBe(0.1);
  expect(warmUpFactor(Number.NaN, 1_000)).toBe(1);
});

it("follows Envoy's aggression: above 1 it rises faster at first", () => {
  expect(warmUpFactor(250, 1_000, { aggression: 2 })).toBe(0.5);
  expect(warmUpFactor(500, 1_000, { aggression: 0.5 })).toBe(0.25);
});
