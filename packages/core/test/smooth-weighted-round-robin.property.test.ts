import { createSmoothWeightedRoundRobin } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveNginx } from './naive-nginx.ts';

const KEYS = 12;
const key = fc.nat(KEYS - 1);
const weight = fc.oneof(fc.nat(3), fc.nat(20), fc.constantFrom(1, 100, 1_000_000), fc.nat(1e6));
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const), count: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tried' as const), keys: fc.array(key) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), key, weight }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('up' as const), key, up: fc.boolean() }),
  },
);

describe('createSmoothWeightedRoundRobin (properties)', () => {
  it("equals nginx's loop over random histories, every credit included", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (history) => {
        const scheduler = createSmoothWeightedRoundRobin<number>();
        const model = new NaiveNginx();
        const compare = (tried?: ReadonlySet<number>) => {
          expect(scheduler.next(tried)).toBe(model.next(tried));
          for (const [k, credit] of model.credits()) expect(scheduler.credit(k)).toBe(credit);
        };
        for (const step of history) {
          if (step.kind === 'next') for (let i = 0; i < step.count; i++) compare();
          if (step.kind === 'tried') compare(new Set(step.keys));
          if (step.kind === 'set') {
            scheduler.set(step.key, step.weight);
            model.set(step.key, step.weight);
          }
          if (step.kind === 'delete') {
            scheduler.delete(step.key);
            model.delete(step.key);
          }
          if (step.kind === 'up') {
            scheduler.setAvailable(step.key, step.up);
            model.setAvailable(step.key, step.up);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
