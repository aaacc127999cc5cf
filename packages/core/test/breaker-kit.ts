import type { CircuitBreakerOptions, Outcome } from '@wrr/core';
import fc from 'fast-check';
import type { BreakerUnderTest } from './naive-breaker.ts';

/** Under mutation, each property runs a hundred times: it runs once for every mutant. */
export const thorough: boolean = process.env['STRYKER_MUTATOR_WORKER'] === undefined;

/** For tests that take a second on an idle machine: a busy one may take ten. */
export const PATIENCE = { timeout: 60_000 } as const;

/** One event in a breaker's life. `dt` is how far the clock has moved, or a reading that is no time. */
export type BreakerStep =
  | { readonly do: 'acquire'; readonly dt: number; readonly deadlineIn: number | undefined }
  | {
      readonly do: 'settle';
      readonly dt: number;
      /** Which token: 0 is the latest one. */
      readonly back: number;
      readonly outcome: Outcome;
      readonly latencyMs: number;
    }
  | { readonly do: 'ignore-probes'; readonly dt: number; readonly n: number }
  | {
      readonly do: 'force' | 'force-probing';
      readonly dt: number;
      readonly mode: 'auto' | 'open' | 'closed';
    };

/** Small numbers, so that every edge is near. */
export const breakerOptions: fc.Arbitrary<CircuitBreakerOptions> = fc
  .record({
    consecutiveFailures: fc.constantFrom(1, 2, 3, 5, false as const),
    failureRate: fc.constantFrom(0.1, 0.5, 1, false as const),
    slowCallRate: fc.constantFrom(0.5, 1, false as const),
    minimumCalls: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.constantFrom(10, 100, 1_000),
    openMs: fc.integer({ min: 1, max: 40 }),
    jitter: fc.constantFrom(0, 0.1, 0.9),
    probes: fc.integer({ min: 1, max: 3 }),
    probeConcurrency: fc.integer({ min: 1, max: 3 }),
    probeLeaseMs: fc.integer({ min: 1, max: 60 }),
    growth: fc.constantFrom(1, 4, 1_000),
  })
  .map(({ growth, ...options }) => ({
    ...options,
    slowCallMs: 10,
    maxOpenMs: options.openMs * growth,
  }));

const dt = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  },
);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('success' as const) },
  { weight: 4, arbitrary: fc.constant('failure' as const) },
  { weight: 1, arbitrary: fc.constant('ignored' as const) },
);

export const breakerStep: fc.Arbitrary<BreakerStep> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      dt,
      deadlineIn: fc.constantFrom(undefined, undefined, -5, 0, 3, 30, Number.NaN, Infinity),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      dt,
      // Mostly the latest tokens: with older ones half-open is hardly ever left.
      back: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) },
        { weight: 1, arbitrary: fc.integer({ min: -2, max: 50 }) },
      ),
      outcome,
      latencyMs: fc.constantFrom(0, 10, 11),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('ignore-probes' as const),
      dt,
      n: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('force', 'force-probing'),
      dt,
      mode: fc.constantFrom('auto', 'auto', 'auto', 'open', 'closed'),
    }),
  },
);

export const breakerHistory: fc.Arbitrary<BreakerStep[]> = fc.array(breakerStep, {
  minLength: 1,
  maxLength: 150,
  size: 'max',
});

/** Plays steps on breakers side by side and calls `check` after each. */
export function play(
  breakers: readonly BreakerUnderTest[],
  steps: readonly BreakerStep[],
  check: (now: number, tokens: readonly number[]) => void,
): void {
  let time = 0;
  let last = 0;
  for (const step of steps) {
    const now = time + step.dt;
    if (Number.isFinite(now)) time = Math.max(time, now);
    const tokens = breakers.map((breaker) => apply(breaker, step, now, time, last));
    last = Math.max(last, ...tokens);
    check(now, tokens);
  }
}

function apply(
  breaker: BreakerUnderTest,
  step: BreakerStep,
  now: number,
  time: number,
  last: number,
): number {
  switch (step.do) {
    case 'acquire': {
      const { deadlineIn } = step;
      return breaker.acquire(now, deadlineIn === undefined ? undefined : time + deadlineIn);
    }
    case 'ignore-probes':
      for (let i = 0; i < step.n; i++) breaker.settle(breaker.acquire(now), now, 'ignored');
      return breaker.acquire(now);
    case 'settle':
      breaker.settle(last - step.back, now, step.outcome, step.latencyMs);
      break;
    case 'force':
      breaker.force(step.mode, now);
      break;
    case 'force-probing':
      if (breaker.state === 'half-open') breaker.force(step.mode, now);
      break;
  }
  return 0;
}

/** Like `expect(condition).toBe(true)`, for checks that run a million times. */
export function must(condition: boolean, law: string): void {
  if (!condition) throw new Error(`broken: ${law}`);
}

/** A generator of pseudo-random numbers in [0, 1) (mulberry32), for histories that can be replayed. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
