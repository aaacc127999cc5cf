import { describe, expect, it } from 'vitest';
import { ours } from '../src/pick/peers/ours.ts';
import { endpointName } from '../src/pick/peers/peer.ts';
import { peers } from '../src/pick/peers.ts';
import { equal, tiers3, tiers10 } from '../src/pick/weights.ts';

/** Worst relative error of the shares, after so many cycles. */
function worstError(next: () => string, weights: readonly number[], cycles: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = new Map<string, number>();
  for (let i = 0; i < total * cycles; i++) {
    const name = next();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const errors = weights.map((weight, i) => {
    return Math.abs((counts.get(endpointName(i)) ?? 0) / (weight * cycles) - 1);
  });
  return Math.max(...errors);
}

// No straw men: what is compared with must do the job it is there for.
describe.each([ours, ...peers].map((peer) => [peer.name, peer] as const))('%s', (_name, peer) => {
  it.each([
    ['equal', equal.create(10)],
    ['three tiers', tiers3.create(30)],
    ['ten tiers', tiers10.create(50)],
    ['one heavy', [100, 1, 1, 1, 1, 1, 1, 1]],
  ])('gives the right proportions: %s', (_set, weights) => {
    const contender = peer.create(weights);
    expect(contender).toBeDefined();
    if (contender === undefined) return;
    expect(worstError(() => contender.next(), weights, 400)).toBeLessThan(0.02);
  });
});
