import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  createCircuitBreaker,
} from '@wrr/core';
import {
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  handleAll,
  type IBreaker,
  SamplingBreaker,
} from 'cockatiel';
import Opossum, { type Options as OpossumOptions } from 'opossum';

/** The function that is guarded: it may fail. */
export type Work = () => Promise<number>;

/** A guard around a function, as its library's documentation shows it. */
export interface Guard {
  readonly name: string;
  call(): Promise<number>;
  /** Lets go of timers. */
  close(): void;
}

/** Makes guards that stay closed, or, with `open`, that refuse for an hour. */
export type CreateGuard = (work: Work, open: boolean) => Guard;

const HOUR_MS = 3_600_000;
const TRIPPING_CALLS = 40;

/** Ours around a function: the few lines that a caller without an adapter writes. */
export const wrrGuard: CreateGuard = (work, open) => {
  const breaker = createCircuitBreaker(
    open ? { openMs: HOUR_MS, maxOpenMs: HOUR_MS } : STAYS_CLOSED,
  );
  if (open) trip(breaker);
  return {
    name: 'ours',
    async call() {
      const now = performance.now();
      const token = breaker.acquire(now);
      if (token === 0) throw new CircuitOpenError('work', 'open', breaker.retryAfterMs(now));
      try {
        const value = await work();
        breaker.settle(token, performance.now(), 'success');
        return value;
      } catch (error) {
        breaker.settle(token, performance.now(), 'failure');
        throw error;
      }
    },
    close() {},
  };
};

/** Rules that are worked out and never broken, as long as one call in a while succeeds. */
export const STAYS_CLOSED: CircuitBreakerOptions = {
  consecutiveFailures: 1_000_000,
  failureRate: 1,
};

/** Opens a breaker at time 0. */
export function trip(breaker: CircuitBreaker): void {
  for (let i = 0; i < TRIPPING_CALLS; i++) breaker.settle(breaker.acquire(0), 0, 'failure');
}

function opossum(name: string, options: OpossumOptions): CreateGuard {
  return (work, open) => {
    const breaker = new Opossum(work, { ...options, errorThresholdPercentage: 100 });
    if (open) breaker.open();
    return { name, call: () => breaker.fire(), close: () => breaker.shutdown() };
  };
}

function cockatiel(name: string, create: () => IBreaker): CreateGuard {
  return (work, open) => {
    const policy = circuitBreaker(handleAll, { halfOpenAfter: HOUR_MS, breaker: create() });
    if (open) policy.isolate();
    return { name, call: () => policy.execute(work), close() {} };
  };
}

const BARE = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false } as const;

/** What is compared with. None of them opens while one call in sixteen succeeds. */
export const PEERS: readonly CreateGuard[] = [
  opossum('opossum, defaults', { resetTimeout: HOUR_MS }),
  opossum('opossum, no timeout, percentiles or snapshots', { ...BARE, resetTimeout: HOUR_MS }),
  cockatiel('cockatiel, consecutive', () => new ConsecutiveBreaker(1_000_000)),
  cockatiel(
    'cockatiel, sampling',
    () => new SamplingBreaker({ threshold: 0.99, duration: 10_000 }),
  ),
  cockatiel('cockatiel, count', () => new CountBreaker({ threshold: 0.99, size: 100 })),
];
