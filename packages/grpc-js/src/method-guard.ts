import {
  type AdaptiveThrottlePreset,
  AEGIS_THROTTLE,
  type CircuitBreakerOptions,
  createAdaptiveThrottle,
  createCircuitBreaker,
  type Outcome,
} from '@wrr/core';
import { publishMethodBreaker } from './diagnostics.ts';

/** Guards one method: decides whether a call may be made, and learns how it went. */
export interface MethodGuard {
  /** Returns a token to settle with, or why the call is refused. */
  admit(now: number): number | string;
  settle(token: number, now: number, outcome: Outcome, latencyMs: number): void;
}

/** What guards are made from: an adaptive throttle (default), or a circuit breaker. */
export interface MethodGuardOptions {
  readonly throttle?: AdaptiveThrottlePreset;
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'onEvent' | 'random'>;
  readonly random?: () => number;
}

/** Paths are given by the program, but a generic client could have any number of them. */
const MAX_METHODS = 1_000;

/**
 * Returns a function that gives each method its guard. Beyond 1,000 methods the rest share one.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function methodGuards(options: MethodGuardOptions): (path: string) => MethodGuard {
  if (options.throttle !== undefined && options.circuitBreaker !== undefined) {
    throw new TypeError('throttle and circuitBreaker exclude each other: choose one');
  }
  createGuard('', options); // throws if an option is wrong
  const guards = new Map<string, MethodGuard>();
  return (path) => {
    const name = guards.has(path) || guards.size < MAX_METHODS ? path : 'all further methods';
    let guard = guards.get(name);
    if (guard === undefined) {
      guard = createGuard(name, options);
      guards.set(name, guard);
    }
    return guard;
  };
}

function createGuard(path: string, options: MethodGuardOptions): MethodGuard {
  const { throttle = AEGIS_THROTTLE, circuitBreaker, random = Math.random } = options;
  return circuitBreaker === undefined
    ? throttleGuard(path, throttle, random)
    : breakerGuard(path, circuitBreaker, random);
}

function throttleGuard(
  path: string,
  preset: AdaptiveThrottlePreset,
  random: () => number,
): MethodGuard {
  const throttle = createAdaptiveThrottle({ ...preset, random });
  return {
    admit(now) {
      if (throttle.admit(now)) return 1;
      const rejection = throttle.rejection(now);
      publishMethodBreaker(() => ({ type: 'throttled', path, rejection }));
      return `throttled: ${Math.round(rejection * 100)} % of the calls of ${path} are rejected now`;
    },
    settle(_token, now, outcome) {
      throttle.settle(now, outcome);
    },
  };
}

function breakerGuard(
  path: string,
  options: Omit<CircuitBreakerOptions, 'onEvent' | 'random'>,
  random: () => number,
): MethodGuard {
  const breaker = createCircuitBreaker({
    ...options,
    random,
    onEvent: (event) => publishMethodBreaker(() => ({ ...event, path })),
  });
  return {
    admit(now) {
      const token = breaker.acquire(now);
      if (token > 0) return token;
      const wait = Math.ceil(breaker.retryAfterMs(now));
      return `circuit breaker of ${path} is ${breaker.state}: retry in ${wait} ms`;
    },
    settle: (token, now, outcome, latencyMs) => breaker.settle(token, now, outcome, latencyMs),
  };
}
