import { createSmoothWeightedRoundRobin, type Scheduler } from '@wrr/core';
import { compileLoop } from '../compile-loop.ts';
import { costRow, effort, interleave } from '../interleave.ts';
import { seededRandom } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { endpointName } from './peers/peer.ts';
import { distinct, equal, tiers3, type WeightSet } from './weights.ts';

/** What the timed loop works on: a scheduler, its keys and their weights. */
interface Subject {
  readonly scheduler: Scheduler<string>;
  readonly keys: readonly string[];
  readonly weights: readonly number[];
  readonly tried: Set<string>;
  /** Random weights to change to: in order, they would find or leave room beside their neighbours. */
  readonly fresh: Int32Array;
  /** Operations so far, over all turns: a turn that did what the last one did would change nothing. */
  count: number;
}

function subject(weights: readonly number[]): Subject {
  const scheduler = createSmoothWeightedRoundRobin<string>();
  const keys = weights.map((_, i) => endpointName(i));
  for (const [i, key] of keys.entries()) scheduler.set(key, weights[i] ?? 1);
  const random = seededRandom(1);
  const fresh = Int32Array.from({ length: 2 ** 16 }, () => 1 + Math.floor(random() * 1_000_000));
  for (let i = 0; i < 3 * weights.length; i++) scheduler.next();
  return { scheduler, keys, weights, tried: new Set(), fresh, count: 0 };
}

// `k` walks through the keys so that neighbours in time are not neighbours in the set.
const KEY = 's.keys[k = (i * 7919) % s.keys.length]';

/** One operation each, with the picks that follow it. */
const operations: Readonly<Record<string, string>> = {
  'weight change and pick': `(k = (s.count * 7919) % s.keys.length, s.scheduler.set(s.keys[k], s.weights[k] + ((s.count++ / s.keys.length) & 1)), s.scheduler.next())`,
  'weight change to any weight and pick': `(k = (s.count * 7919) % s.keys.length, s.scheduler.set(s.keys[k], s.fresh[s.count++ & 65535]), s.scheduler.next())`,
  'down, pick, up, pick': `(s.scheduler.setAvailable(${KEY}, false), s.scheduler.next(), s.scheduler.setAvailable(s.keys[k], true), s.scheduler.next())`,
  'removal, pick, addition, pick': `(s.scheduler.delete(${KEY}), s.scheduler.next(), s.scheduler.set(s.keys[k], s.weights[k]), s.scheduler.next())`,
  'pick and retry elsewhere (1 tried)': `(s.tried.clear(), s.tried.add(s.scheduler.next()), s.scheduler.next(s.tried))`,
  'pick and two retries elsewhere': `(s.tried.clear(), s.tried.add(s.scheduler.next()), s.tried.add(s.scheduler.next(s.tried)), s.scheduler.next(s.tried))`,
};

/** Promised for a weight change and a pick at n = 1,000, and for any update at n = 10,000, in ns. */
const LIMIT_1000 = 2_000;
const LIMIT_10000 = 25_000;

/** Times changes. No peer: those that take changes at all start over (the row of the naive loop). */
export function updateCost({ quick, progress }: Context): readonly Row[] {
  const rows: Row[] = [];
  const sets: readonly WeightSet[] = quick ? [tiers3] : [equal, tiers3, distinct];
  for (const set of sets) {
    for (const n of quick ? [10, 1_000] : [10, 100, 1_000, 10_000]) {
      for (const [name, body] of Object.entries(operations)) {
        progress(`${name}, ${set.name}, n = ${n}`);
        const loop = compileLoop(subject(set.create(n)), body);
        loop(3 * n); // every key has changed: from here on, nothing is of the set as it was built
        const row = costRow(
          {
            suite: 'pick',
            case: `${name}, ${set.name}, n = ${n}`,
            unit: 'ns',
            at: { n, weights: set.name, operation: name },
          },
          interleave({ ours: loop }, { ...effort(quick), turnMs: quick ? 3 : 8 }),
        );
        const limit = n === 10_000 ? LIMIT_10000 : LIMIT_1000;
        const isPromised = n === 10_000 || (n === 1_000 && name.startsWith('weight change'));
        rows.push(
          isPromised
            ? { ...row, goal: { text: `at most ${limit} ns`, met: row.ours <= limit } }
            : row,
        );
      }
    }
  }
  return rows;
}
