import {
  type AdaptiveThrottle,
  type AdaptiveThrottlePreset,
  AEGIS_THROTTLE,
  createAdaptiveThrottle,
} from './adaptive-throttle.ts';
import { type CircuitBreakerOptions, createCircuitBreaker } from './circuit-breaker.ts';
import type { EndpointBreakerEvent } from './events.ts';
import { callSafely } from './listeners.ts';
import { checkNames } from './option-checks.ts';
import type { Outcome } from './outcome.ts';
import type { GrantedPermit, RefusedPermit } from './permit.ts';

/** Options of {@link createCallGuards}. */
export interface CallGuardsOptions {
  /**
   * The adaptive throttle, which rejects in proportion to the failures. Default: with aegis's numbers,
   * `AEGIS_THROTTLE`. Not together with `circuitBreaker`.
   */
  readonly throttle?: AdaptiveThrottlePreset | undefined;
  /** A breaker with three states instead. */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'onEvent' | 'random'> | undefined;
  /** Source of randomness, uniform in [0, 1): `Math.random`. */
  readonly random: () => number;
  /** Told of every change of a breaker's state; what it throws is dropped. A throttle has no states. */
  readonly onEvent?: ((event: EndpointBreakerEvent) => void) | undefined;
}

/** A guard's answer: a breaker's, or `throttled`. What is granted must be settled, once. */
export type CallPermit =
  | GrantedPermit
  | (Omit<RefusedPermit, 'reason'> & { readonly reason: RefusedPermit['reason'] | 'throttled' });

/** Asks the guard of a key for leave to make a call. `deadline` is the call's, if it has one. */
export type CallGuards = (key: string, now: number, deadline?: number) => CallPermit;

/** Keys are methods, given by the program; but a generic client could call any number of them. */
const MAX_GUARDS = 1_000;
const NAMES = ['throttle', 'circuitBreaker', 'random', 'onEvent'];
const THROTTLED: CallPermit = { granted: false, reason: 'throttled', retryAfterMs: 0 };

/**
 * Creates guards for whole calls, one for each key (a method's path): what stands before failover and
 * load balancing and stops calls to a service that fails as a whole.
 *
 * A guard is made when its key is first seen and kept for good. Beyond 1,000 keys the rest share one.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function createCallGuards(options: CallGuardsOptions): CallGuards {
  checkNames('circuit breaker', options, NAMES);
  if (options.throttle !== undefined && options.circuitBreaker !== undefined) {
    throw new TypeError('throttle and circuitBreaker exclude each other: give one of them');
  }
  const guards = new Map<string, Guard>();
  createGuard('', options); // throws if an option is wrong
  const guardOf = (key: string): Guard => {
    const name = guards.size < MAX_GUARDS ? key : 'all further';
    const guard = guards.get(name) ?? createGuard(name, options);
    guards.set(name, guard);
    return guard;
  };
  return (key, now, deadline) => (guards.get(key) ?? guardOf(key))(now, deadline);
}

type Guard = (now: number, deadline?: number) => CallPermit;

function createGuard(key: string, options: CallGuardsOptions): Guard {
  const { throttle = AEGIS_THROTTLE, circuitBreaker, random, onEvent } = options;
  if (circuitBreaker !== undefined) {
    const breaker = createCircuitBreaker({
      ...circuitBreaker,
      random,
      onEvent: (event) => onEvent && callSafely(onEvent, { ...event, key }),
    });
    return (now, deadline) => breaker.tryAcquire(now, { deadline });
  }
  const guard = createAdaptiveThrottle({ ...throttle, random });
  return (now) => (guard.admit(now) ? new ThrottlePermit(guard) : THROTTLED);
}

class ThrottlePermit implements GrantedPermit {
  readonly granted = true;
  #throttle: AdaptiveThrottle | undefined;

  constructor(throttle: AdaptiveThrottle) {
    this.#throttle = throttle;
  }

  settle(now: number, outcome: Outcome): void {
    this.#throttle?.settle(now, outcome);
    this.#throttle = undefined; // a second time changes nothing
  }
}
