import { createSmoothWeightedRoundRobin, type Scheduler } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../src/rotation-limits.ts';
import { createScheduler } from '../src/smooth-weighted-round-robin.ts';
import { NaiveNginx } from './naive-nginx.ts';

// The invariants of smooth weighted round robin by number (those that compare with nginx's loop under
// changes, 2, 12, 18 and 23, are in rotation.property.test.ts: every form, every credit).

type Weights = readonly number[];
const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 });
const anyWeights = fc.array(fc.integer({ min: 1, max: 1_000_000 }), {
  minLength: 1,
  maxLength: 60,
});

function create(all: Weights, random?: () => number): Scheduler<number> {
  const scheduler = createSmoothWeightedRoundRobin<number>(random ? { random } : {});
  for (const [key, weight] of all.entries()) scheduler.set(key, weight);
  return scheduler;
}
const sum = (all: Weights): number => all.reduce((a, b) => a + b, 0);
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const cycle = (all: Weights): number => sum(all) / all.reduce(gcd, 0);
const harmonic = (n: number): number =>
  Array.from({ length: n }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0);
const take = (scheduler: Scheduler<number>, count: number): number[] =>
  Array.from({ length: count }, () => scheduler.next() ?? -1);
const credits = (scheduler: Scheduler<number>, n: number): number[] =>
  Array.from({ length: n }, (_, key) => scheduler.credit(key) ?? Number.NaN);
function counts(picks: readonly number[], n: number): number[] {
  const found = Array.from({ length: n }, () => 0);
  for (const key of picks) found[key] = (found[key] ?? 0) + 1;
  return found;
}
/** A small repeatable source of randomness. */
function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('for constant weights', () => {
  it("1: the sequence is nginx's, ties included", () => {
    fc.assert(
      fc.property(weights, (all) => {
        const model = new NaiveNginx();
        for (const [key, weight] of all.entries()) model.set(key, weight);
        const count = 2 * cycle(all);
        expect(take(create(all), count)).toEqual(Array.from({ length: count }, () => model.next()));
      }),
      { numRuns: 300 },
    );
  });

  it('3, 7, 8: credits sum to 0, nobody is ahead by 1 − 1/n calls or behind by more than H(n) − 1', () => {
    fc.assert(
      fc.property(anyWeights, (all) => {
        const scheduler = create(all);
        const n = all.length;
        const total = sum(all);
        for (let i = 0; i < 300; i++) {
          scheduler.next();
          const now = credits(scheduler, n);
          expect(sum(now)).toBe(0);
          expect(Math.min(...now) / total).toBeGreaterThanOrEqual(-(1 - 1 / n) - 1e-12);
          expect(Math.max(...now) / total).toBeLessThanOrEqual(harmonic(n) - 1 + 1e-12);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('4, 5, 6: a cycle gives each exactly its weight, ends with all credits 0, and repeats', () => {
    fc.assert(
      fc.property(weights, fc.nat(500), (all, offset) => {
        const scheduler = create(all);
        const length = cycle(all);
        const first = take(scheduler, length);
        const exact = all.map((weight) => (weight * length) / sum(all));
        expect(counts(first, all.length)).toEqual(exact);
        expect(credits(scheduler, all.length).every((credit) => credit === 0)).toBe(true);
        expect(take(scheduler, length)).toEqual(first);
        take(scheduler, offset); // and any window as long as a cycle
        expect(counts(take(scheduler, length), all.length)).toEqual(exact);
      }),
      { numRuns: 200 },
    );
  });

  it('9: a common factor of all weights changes nothing', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 2, max: 80_000 }), (all, factor) => {
        const scaled = create(all.map((weight) => weight * factor));
        expect(take(scaled, 300)).toEqual(take(create(all), 300));
      }),
    );
  });

  it('10: equal weights take turns in the order of addition', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 1e6 }),
        (n, weight) => {
          const picks = take(create(Array.from({ length: n }, () => weight)), 3 * n);
          expect(picks).toEqual(picks.map((_, i) => i % n));
        },
      ),
    );
  });

  it('10: exchanging endpoints of equal weight exchanges only their picks', () => {
    fc.assert(
      fc.property(weights, (all) => {
        // Same weights, added in another order: at every pick the same weight wins if no two weights tie.
        const order = [...all.keys()].sort((a, b) => (all[b] ?? 0) - (all[a] ?? 0) || b - a);
        const scheduler = createSmoothWeightedRoundRobin<number>();
        for (const key of order) scheduler.set(key, all[key] ?? 0);
        const length = cycle(all);
        expect(counts(take(scheduler, length), all.length)).toEqual(
          counts(take(create(all), length), all.length),
        );
      }),
    );
  });
});

describe('under changes', () => {
  it('11: who is out is not picked, and its credit stays', () => {
    fc.assert(
      fc.property(anyWeights, fc.nat(), fc.nat(200), (all, which, before) => {
        const out = which % all.length;
        const scheduler = create(all);
        take(scheduler, before);
        scheduler.setAvailable(out, false);
        scheduler.next();
        const credit = scheduler.credit(out);
        expect(take(scheduler, 100)).not.toContain(out);
        expect(scheduler.credit(out)).toBe(credit);
      }),
    );
  });

  it('13, 14: everybody available is served soon, and no run is long, whatever has changed', () => {
    const change = fc.record({
      key: fc.nat(9),
      weight: fc.nat(100),
      up: fc.boolean(),
      picks: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.boolean(), (changes, scaled) => {
        const scheduler = create([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], seeded(7));
        const all = new Map([3, 1, 4, 1, 5, 9, 2, 6, 5, 3].entries());
        const down = new Set<number>();
        for (const { key, weight, up, picks } of changes) {
          const factor = scaled && weight % 7 === 0 ? 50 : 1;
          scheduler.set(key, weight * factor);
          all.set(key, weight * factor);
          scheduler.setAvailable(key, up);
          if (up) down.delete(key);
          else down.add(key);
          for (let i = 0; i < picks; i++) scheduler.next();
        }
        const active = [...all].filter(([key, weight]) => weight > 0 && !down.has(key));
        const total = sum(active.map(([, weight]) => weight));
        fc.pre(total > 0 && active.length > 1);
        for (const [key, weight] of active) {
          const copy = createSmoothWeightedRoundRobin<number>();
          copy.restore(scheduler.snapshot());
          const bound = 3 * Math.ceil(total / weight) + active.length;
          let wait = 0;
          while (copy.next() !== key && wait <= bound) wait += 1;
          expect(wait).toBeLessThanOrEqual(bound);
        }
        let last: number | undefined;
        let run = 0;
        for (let i = 0; i < 2_000; i++) {
          const key = scheduler.next();
          run = key === last ? run + 1 : 1;
          last = key;
          const weight = all.get(key ?? -1) ?? 0;
          expect(run).toBeLessThanOrEqual(3 * Math.ceil(weight / (total - weight)) + 1);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('15, 16, 17: changing nothing, and changing back before the next pick, changes nothing', () => {
    const flip = fc.record({ key: fc.nat(59), weight: fc.nat(1_000_000), kind: fc.nat(2) });
    fc.assert(
      fc.property(anyWeights, fc.array(flip), fc.nat(300), (all, flips, before) => {
        const scheduler = create(all);
        const untouched = create(all);
        take(scheduler, before);
        take(untouched, before);
        for (const { key, weight, kind } of flips) {
          const own = all[key];
          if (own === undefined) continue;
          if (kind === 0) scheduler.set(key, own);
          if (kind === 1) scheduler.setAvailable(key, true);
          scheduler.set(key, weight);
          scheduler.setAvailable(key, false);
          scheduler.setAvailable(key, true);
          scheduler.set(key, own);
        }
        expect(take(scheduler, 200)).toEqual(take(untouched, 200));
        expect(credits(scheduler, all.length)).toEqual(credits(untouched, all.length));
      }),
    );
  });

  it('19: there is always a pick while one is available', () => {
    fc.assert(
      fc.property(anyWeights, fc.array(fc.nat(59)), (all, out) => {
        const scheduler = create(all);
        for (const key of out) scheduler.setAvailable(key, false);
        const left = all.some((_, key) => !out.includes(key));
        expect(scheduler.next() !== undefined).toBe(left);
      }),
    );
  });

  it('a subset step leaves everybody who was tried as it was', () => {
    fc.assert(
      fc.property(anyWeights, fc.uniqueArray(fc.nat(59)), fc.nat(200), (all, keys, before) => {
        const scheduler = create(all);
        take(scheduler, before);
        const tried = new Set(keys);
        const was = credits(scheduler, all.length);
        const picked = scheduler.next(tried);
        if (picked !== undefined) expect(tried.has(picked)).toBe(false);
        for (const key of keys) expect(scheduler.credit(key)).toBe(was[key] ?? undefined);
        expect(sum(credits(scheduler, all.length))).toBe(0);
      }),
    );
  });
});

describe('with a source of randomness', () => {
  it('20: the first pick is distributed by weight', () => {
    for (const all of [
      [5, 3, 1],
      [100, 1, 1],
      [4_001, 2_500, 1_700],
    ]) {
      const runs = 6_000;
      const next = seeded(sum(all));
      const found = counts(
        Array.from({ length: runs }, () => create(all, next).next() ?? -1),
        all.length,
      );
      const chi = all.map((weight, key) => {
        const expected = (runs * weight) / sum(all);
        return ((found[key] ?? 0) - expected) ** 2 / expected;
      });
      expect(sum(chi)).toBeLessThan(13.8); // 99.9 % with two degrees of freedom
    }
  });

  it("20, 24: it joins nginx's orbit, and every cycle gives each exactly its weight", () => {
    fc.assert(
      fc.property(weights, fc.integer(), (all, seed) => {
        const scheduler = create(all, seeded(seed));
        const length = cycle(all);
        const picks = take(scheduler, 2 * length).slice(length);
        expect(counts(picks, all.length)).toEqual(all.map((w) => (w * length) / sum(all)));
        const twice = [...take(create(all), length), ...take(create(all), length)].join(' ');
        expect(` ${twice} `).toContain(` ${picks.join(' ')} `);
      }),
      { numRuns: 200 },
    );
  });

  it('a long cycle starts close to its orbit, anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 200 }),
        fc.integer(),
        (all, seed) => {
          const scheduler = create(all, seeded(seed));
          scheduler.next();
          const now = credits(scheduler, all.length);
          expect(sum(now)).toBe(0);
          expect(Math.min(...now) / sum(all)).toBeGreaterThan(-1);
          expect(Math.max(...now) / sum(all)).toBeLessThan(harmonic(all.length));
        },
      ),
    );
  });

  it('who joins others starts within half a call, and whoever replaces all starts anywhere', () => {
    const scheduler = create([10, 10, 10], seeded(1));
    take(scheduler, 7);
    const first: number[] = [];
    for (let key = 3; key < 200; key++) {
      scheduler.set(key, 10);
      expect(scheduler.credit(key)).toBeUndefined();
      scheduler.next(new Set([key]));
      first.push((scheduler.credit(key) ?? Number.NaN) / scheduler.totalWeight);
    }
    expect(Math.min(...first)).toBeGreaterThanOrEqual(-0.5);
    expect(Math.max(...first)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.5);
  });
});

describe('a snapshot', () => {
  it('goes on as the original would, through JSON', () => {
    const step = fc.record({
      key: fc.nat(20),
      weight: fc.nat(1_000),
      up: fc.boolean(),
      picks: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (history, isRandom) => {
        const scheduler = createSmoothWeightedRoundRobin<number>(
          isRandom ? { random: seeded(3) } : {},
        );
        for (const { key, weight, up, picks } of history) {
          scheduler.set(key, weight);
          scheduler.setAvailable(key, up);
          take(scheduler, picks);
        }
        scheduler.next();
        const copy = createSmoothWeightedRoundRobin<number>(isRandom ? { random: seeded(3) } : {});
        copy.set(99, 5);
        copy.restore(JSON.parse(JSON.stringify(scheduler.snapshot())));
        expect(copy.size).toBe(scheduler.size);
        expect(copy.totalWeight).toBe(scheduler.totalWeight);
        expect(take(copy, 300)).toEqual(take(scheduler, 300));
        expect(copy.snapshot()).toEqual(scheduler.snapshot());
      }),
      { numRuns: 200 },
    );
  });
});

describe('large sets', () => {
  // More than a million picks beside the naive loop, in all forms and across all limits.
  it.each([
    ['all different', 400, (i: number) => 1 + ((i * 7_919) % 999_983)],
    ['near-equal', 300, (i: number) => 900_000 + i],
    ['a hundred weights', 900, (i: number) => 1 + (i % 100)],
    ['three weights', 1_000, (i: number) => 1 + 2 * (i % 3)],
    ['one heavy', 300, (i: number) => (i === 7 ? 1_000_000 : 1 + (i % 50))],
  ])('equal the loop: %s', (_, n, weightOf) => {
    const all = Array.from({ length: n }, (_unused, i) => weightOf(i));
    const scheduler = createScheduler<number>({}, { ...LIMITS, horizon: 10_007 });
    for (const [key, weight] of all.entries()) scheduler.set(key, weight);
    const current = new Float64Array(n);
    const total = sum(all);
    for (let i = 0; i < 250_000; i++) {
      let best = 0;
      for (let key = 0; key < n; key++) {
        current[key] = (current[key] ?? 0) + (all[key] ?? 0);
        if ((current[key] ?? 0) > (current[best] ?? 0)) best = key;
      }
      current[best] = (current[best] ?? 0) - total;
      if (scheduler.next() !== best) expect.unreachable(`pick ${i} differs`);
    }
    expect(credits(scheduler, n)).toEqual([...current]);
  });
});
