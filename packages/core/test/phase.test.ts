import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scatter, startPhase } from '../src/phase.ts';

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);

/** Picks after `phase` of a cycle by largest remainder, in the plainest way. */
function apportion(weights: readonly number[], phase: number): number[] {
  const total = sum(weights);
  const counts = weights.map((weight) => Math.floor((phase * weight) / total));
  const remainder = (i: number) => (phase * (weights[i] ?? 0)) % total;
  const order = [...weights.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const i of order.slice(0, phase - sum(counts))) counts[i] = (counts[i] ?? 0) + 1;
  return counts;
}

describe('startPhase', () => {
  it.each([
    ['a short cycle', [5, 1, 1], 3],
    ['a common factor', [10, 2, 2], 3],
    ['the longest that is always walked', [4_095, 1], 2_048],
    ['more, among many endpoints', [...Array.from({ length: 2_999 }, () => 1), 2_002], 2_500],
  ])('walks half of the cycle: %s', (_, weights, picks) => {
    expect(startPhase(weights, () => 0.5)).toEqual({ credits: weights.map(() => 0), picks });
  });

  it('jumps to where every key has had its share, the rest by largest remainder, earliest first', () => {
    const some = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(
        some,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (few, at) => {
          const weights = [...few, 4_001, 5_003]; // no common factor, and a cycle of more than 4,096
          const total = sum(weights);
          const phase = Math.floor(at * total);
          const credits = apportion(weights, phase).map(
            (n, i) => phase * (weights[i] ?? 0) - n * total,
          );
          expect(startPhase(weights, () => at)).toEqual({ credits, picks: 2 * weights.length });
        },
      ),
    );
  });

  it('gives those with equal remainders a pick in the order of the keys', () => {
    const weights = Array.from({ length: 5_000 }, () => 1).concat(10_001); // cycle 15,001
    const { credits } = startPhase(weights, () => 1 / 3);
    expect(credits.slice(0, 3)).toEqual([-10_001, -10_001, -10_001].map((_, i) => credits[i]));
    const ahead = credits.slice(0, 5_000).filter((credit) => credit < 0).length;
    expect(credits.slice(0, ahead).every((credit) => credit < 0)).toBe(true);
    expect(sum(credits)).toBe(0);
  });

  it('stays with exact integers in a cycle of ten billion picks', () => {
    const weights = Array.from({ length: 10_000 }, (_, i) => 1_000_000 - i);
    const { credits } = startPhase(weights, () => 0.999_999);
    expect(sum(credits)).toBe(0);
    const total = sum(weights);
    expect(credits.every((credit) => Math.abs(credit) < total)).toBe(true);
    expect(new Set(credits).size).toBeGreaterThan(9_000);
  });

  it('takes a fraction of 0', () => {
    expect(startPhase([2, 1], () => 0)).toEqual({ credits: [0, 0], picks: 0 });
  });

  it.each([1, -0.1, Number.NaN])('rejects %d from random', (value) => {
    const error = new RangeError(`random must return a number in [0, 1), got ${value}`);
    expect(() => startPhase([2, 1], () => value)).toThrow(error);
    expect(() => scatter([2, 1], 3, () => value)).toThrow(error);
  });
});

it('scatter gives each at most half a call, in integers', () => {
  const draws = [0, 0.25, 0.499, 0.75].values();
  const { credits, picks } = scatter([7, 7, 7, 7], 100, () => draws.next().value ?? 0);
  expect(credits).toEqual([-50, -25, 0, 25]); // toEqual tells 0 from -0
  expect(picks).toBe(0);
});
