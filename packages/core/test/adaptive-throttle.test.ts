import { type AdaptiveThrottlePreset, AEGIS_THROTTLE, createAdaptiveThrottle } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATIENCE, seeded, thorough } from './breaker-kit.ts';

/**
 * aegis's `circuitbreaker/sre/sre.go` and `internal/window`, statement by statement: the window as a
 * ring with an offset, sums made anew at each question. `MarkFailed` after a rejection is what
 * Kratos's interceptor does.
 */
class Aegis {
  readonly #k = 1 / 0.6;
  readonly #request = 100;
  readonly #size = 10;
  readonly #bucketDuration = 300;
  readonly #buckets = Array.from({ length: 10 }, () => ({ count: 0, points: 0 }));
  readonly #random: () => number;
  #offset = 0;
  #lastAppendTime = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  allow(now: number): boolean {
    const { accepts, total } = this.#summary(now);
    const requests = this.#k * accepts;
    if (total < this.#request || total < requests) return true;
    const drop = Math.max(0, (total - requests) / (total + 1));
    return !(this.#random() < drop);
  }

  mark(now: number, value: 0 | 1): void {
    const timespan = this.#timespan(now);
    if (timespan > 0) {
      for (let i = 1; i <= Math.min(timespan, this.#size); i++) {
        this.#buckets[(this.#offset + i) % this.#size] = { count: 0, points: 0 };
      }
      this.#offset = (this.#offset + timespan) % this.#size;
      this.#lastAppendTime += timespan * this.#bucketDuration;
    }
    const bucket = this.#buckets[this.#offset];
    if (bucket === undefined) throw new Error('offset out of range');
    bucket.count++;
    bucket.points += value;
  }

  #timespan(now: number): number {
    const span = Math.trunc((now - this.#lastAppendTime) / this.#bucketDuration);
    return span > -1 ? span : this.#size;
  }

  #summary(now: number): { accepts: number; total: number } {
    const timespan = this.#timespan(now);
    let accepts = 0;
    let total = 0;
    for (let i = 0; i < this.#size - timespan; i++) {
      const bucket = this.#buckets[(this.#offset + timespan + 1 + i) % this.#size];
      total += bucket?.count ?? 0;
      accepts += bucket?.points ?? 0;
    }
    return { accepts, total };
  }
}

const event = fc.tuple(
  fc.oneof(
    { weight: 60, arbitrary: fc.nat(5) },
    { weight: 3, arbitrary: fc.nat(900) },
    { weight: 1, arbitrary: fc.nat(9_000) },
  ),
  fc.constantFrom('success', 'failure', 'failure'),
);

it(
  'I46: with its preset it decides as aegis, call by call, for the same random numbers',
  PATIENCE,
  () => {
    let rejected = 0;
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 200, maxLength: 600 }),
        fc.integer(),
        (calls, seed) => {
          const ours = createAdaptiveThrottle({ ...AEGIS_THROTTLE, random: seeded(seed) });
          const theirs = new Aegis(seeded(seed));
          let now = 0;
          for (const [dt, outcome] of calls) {
            now += dt;
            const admitted = ours.admit(now);
            expect(admitted).toBe(theirs.allow(now));
            if (admitted) ours.settle(now, outcome);
            else rejected++;
            theirs.mark(now, admitted && outcome === 'success' ? 1 : 0);
          }
        },
      ),
      { numRuns: thorough ? 150 : 20 },
    );
    expect(rejected).toBeGreaterThan(thorough ? 1_000 : 100);
  },
);

function ratio(k: number, total: number, ok: number): number {
  const throttle = createAdaptiveThrottle({ k, minRequests: 0, random: () => 0 });
  for (let i = 0; i < total; i++) throttle.settle(0, i < ok ? 'success' : 'failure');
  return throttle.rejection(0);
}

/** The share of calls that is let through at a steady success rate, at 1,000 calls a second. */
function passed(numbers: AdaptiveThrottlePreset, successRate: number): number {
  const random = seeded(7);
  const throttle = createAdaptiveThrottle({ ...numbers, random });
  let admitted = 0;
  for (let i = 0; i < 60_000; i++) {
    if (!throttle.admit(i)) continue;
    throttle.settle(i, random() < successRate ? 'success' : 'failure');
    if (i >= 30_000) admitted++;
  }
  return admitted / 30_000;
}

const preset: fc.Arbitrary<AdaptiveThrottlePreset> = fc.record({
  k: fc.constantFrom(1.1, 1.5, 1 / 0.6, 2),
  minRequests: fc.integer({ min: 0, max: 30 }),
  windowMs: fc.constantFrom(100, 3_000, 10_000),
  buckets: fc.constantFrom(1, 10, 40),
  countRejects: fc.boolean(),
  forcePassMs: fc.constantFrom(0, 50, 1_000),
});
const trace = fc.array(event, { minLength: 1, maxLength: 300 });

describe('whatever its numbers', () => {
  it(
    'I37–I40, I45: the rejection ratio is a probability, 0 while there is no cause',
    PATIENCE,
    () => {
      fc.assert(
        fc.property(preset, trace, fc.boolean(), (numbers, calls, allWell) => {
          const { k = 0, minRequests = 0, windowMs = 0, buckets = 1 } = numbers;
          const throttle = createAdaptiveThrottle({ ...numbers, random: seeded(calls.length) });
          const counted: [slot: number, ok: boolean][] = [];
          const bucketMs = windowMs / buckets;
          let now = 0;
          for (const [dt, outcome] of calls) {
            now += dt;
            const slot = Math.floor(now / bucketMs);
            const live = counted.filter(([at]) => at > slot - buckets);
            const total = live.length;
            const accepts = live.filter(([, ok]) => ok).length;
            const rejection = throttle.rejection(now);
            expect(rejection).toBeGreaterThanOrEqual(0);
            expect(rejection).toBeLessThan(1);
            if (total < minRequests || total <= k * accepts) expect(rejection).toBe(0);
            else expect(rejection).toBeCloseTo((total - k * accepts) / (total + 1), 12);
            const admitted = throttle.admit(now);
            const ok = allWell || outcome === 'success';
            if (admitted) {
              throttle.settle(now, ok ? 'success' : 'failure');
              counted.push([slot, ok]);
            } else {
              expect(allWell, 'I45: a backend without failures is never throttled').toBe(false);
              if (numbers.countRejects === true) counted.push([slot, false]);
            }
          }
        }),
      );
    },
  );

  it('I41: more calls raise the ratio, more successes and a larger k lower it', () => {
    const numbers = fc.tuple(fc.double({ min: 1.01, max: 3, noNaN: true }), fc.nat(50), fc.nat(50));
    fc.assert(
      fc.property(numbers, ([k, ok, failed]) => {
        const here = ratio(k, ok + failed, ok);
        expect(ratio(k, ok + failed + 1, ok)).toBeGreaterThanOrEqual(here);
        if (failed > 0) expect(ratio(k, ok + failed, ok + 1)).toBeLessThanOrEqual(here);
        expect(ratio(k + 0.1, ok + failed, ok)).toBeLessThanOrEqual(here);
      }),
    );
  });

  it('I42: a larger random number never turns a yes into a no', () => {
    fc.assert(
      fc.property(
        preset,
        trace,
        fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), {
          nil: 'just the ratio' as const,
        }),
        (numbers, calls, number) => {
          let sample = 0;
          const throttle = createAdaptiveThrottle({
            ...numbers,
            forcePassMs: 0,
            random: () => sample,
          });
          let now = 0;
          for (const [dt, outcome] of calls) {
            now += dt;
            const rejection = throttle.rejection(now);
            sample = number === 'just the ratio' ? rejection : number;
            const admitted = throttle.admit(now);
            expect(admitted).toBe(sample >= rejection);
            if (admitted) throttle.settle(now, outcome);
          }
        },
      ),
    );
  });

  it('I43: with forcePassMs, one call passes in any such time in which one is made, and no more', () => {
    fc.assert(
      fc.property(preset, trace, (numbers, calls) => {
        const forcePassMs = 100;
        const throttle = createAdaptiveThrottle({ ...numbers, forcePassMs, random: () => 0 });
        let now = 0;
        let lastPass = Number.NEGATIVE_INFINITY;
        for (const [dt] of calls) {
          now += dt;
          // With 0 for every random number, whatever has cause to be rejected is, unless it is forced.
          const isDue = throttle.rejection(now) === 0 || now - lastPass >= forcePassMs;
          expect(throttle.admit(now)).toBe(isDue);
          if (!isDue) continue;
          lastPass = now;
          throttle.settle(now, 'failure');
        }
      }),
    );
  });

  it('draws a random number for a decision that could be a rejection, and only then', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (ok, failed) => {
        let drawn = 0;
        const random = () => {
          drawn++;
          return 0.5;
        };
        const throttle = createAdaptiveThrottle({ minRequests: 5, forcePassMs: 0, random });
        for (let i = 0; i < ok; i++) throttle.settle(0, 'success');
        for (let i = 0; i < failed; i++) throttle.settle(0, 'failure');
        throttle.admit(0);
        expect(drawn).toBe(ok + failed >= 5 && failed >= ok ? 1 : 0);
      }),
    );
  });

  it('an option that is undefined has its default', () => {
    const none = { k: undefined, minRequests: undefined, windowMs: undefined } as object;
    const throttle = createAdaptiveThrottle({ ...none, random: () => 0.5 });
    for (let i = 0; i < 5; i++) throttle.settle(0, 'failure');
    expect(throttle.rejection(0)).toBe(5 / 6);
  });

  it('I44: after a silent window nothing is rejected', () => {
    fc.assert(
      fc.property(preset, trace, fc.nat(5_000), (numbers, calls, more) => {
        const throttle = createAdaptiveThrottle({ ...numbers, random: () => 0 });
        for (const [, outcome] of calls) throttle.settle(0, outcome);
        throttle.admit(0);
        expect(throttle.rejection((numbers.windowMs ?? 0) + more)).toBe(0);
      }),
    );
  });

  it('takes a clock that steps back, NaN and infinities as "no later than before"', () => {
    const throttle = createAdaptiveThrottle({ minRequests: 0, forcePassMs: 0, random: () => 0 });
    for (let i = 0; i < 10; i++) throttle.settle(50_000, 'failure');
    const before = throttle.rejection(50_000);
    for (const now of [0, -1, Number.NaN, Infinity, -Infinity]) {
      expect(throttle.rejection(now)).toBe(before);
      expect(throttle.admit(now)).toBe(false);
    }
    expect(throttle.rejection(50_000)).toBe(before);
    expect(throttle.rejection(50_100)).toBe(before);
  });

  it('ignored outcomes count as if the call had not been made', () => {
    const throttle = createAdaptiveThrottle({ minRequests: 1, random: () => 0 });
    for (let i = 0; i < 10; i++) throttle.settle(0, 'ignored');
    expect(throttle.rejection(0)).toBe(0);
    throttle.settle(0, 'failure');
    expect(throttle.rejection(0)).toBe(0.5);
  });
});

it('our own preset passes in proportion to the success rate, aegis collapses', PATIENCE, () => {
  expect(passed({}, 0.6)).toBeGreaterThan(0.99);
  expect(passed({}, 0.4)).toBeGreaterThan(0.7);
  expect(passed({}, 0.2)).toBeGreaterThan(0.35);
  expect(passed(AEGIS_THROTTLE, 0.4)).toBeLessThan(0.02);
});

it.each([
  [{ k: 1 }, /^k must be a number > 1, got 1$/],
  [{ minRequests: -1 }, /^minRequests must be an integer >= 0/],
  [{ buckets: 0 }, /^buckets must be an integer >= 1 and <= 1000, got 0$/],
  [{ windowMs: 0 }, /^windowMs must be a number > 0/],
  [{ forcePassMs: -1 }, /^forcePassMs must be a number >= 0/],
  [{ countRejects: 'no' as unknown as boolean }, /^countRejects must be a boolean, got "?no"?$/],
  [{ random: undefined as unknown as () => number }, /^random must be a function, got undefined$/],
  [{ success: 0.6 }, /^unknown option success of adaptive throttle/],
])('rejects %o', (options, message) => {
  expect(() => createAdaptiveThrottle({ random: Math.random, ...options })).toThrow(message);
});
