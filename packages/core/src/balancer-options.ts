import { type CircuitBreakerOptions, createCircuitBreaker } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import type { Dispatch } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import type { BalancerEvent } from './events.ts';
import { checkFunction } from './option-checks.ts';

/** How an endpoint that is new, or back after trouble, gets its share little by little. */
export interface WarmUpOptions {
  /** Length of the ramp in milliseconds, > 0. */
  readonly windowMs: number;
  /** Share of the weight at which the ramp begins, in (0, 1]. Default 0.1. */
  readonly minimum?: number;
  /** An endpoint that was unavailable this long (ms) warms up again. Default 1,000. */
  readonly afterUnavailableMs?: number;
}

/** The options that can change while the balancer runs. */
export interface BalancerPolicy {
  /** The circuit breaker that each endpoint gets; `false` for none. Default: a breaker with its defaults. */
  readonly circuitBreaker?: Omit<CircuitBreakerOptions, 'onEvent' | 'random'> | false;
  /** Warm-up of endpoints that join later or recover; `false` for none, the default. */
  readonly warmUp?: WarmUpOptions | false;
  /**
   * Share of the endpoints, in [0, 1], that breakers must leave in rotation; rounded up to whole
   * endpoints. Default 0.5. Only endpoints with a weight above zero count.
   */
  readonly minAvailable?: number;
  /**
   * What happens when breakers (and lost connections) leave fewer than `minAvailable`:
   *
   * - `panic` (default): breakers eject no more endpoints than `minAvailable` allows, those that
   *   opened first; the others that refuse calls are suspects, with a hundredth of their weight, as
   *   long as an endpoint in rotation does not refuse. When lost connections push the rest below
   *   `minAvailable`, calls are spread as if no breaker existed. Outcomes are still recorded.
   * - `fail-fast`: breakers are always obeyed. When none is left, picks fail and say when to retry.
   */
  readonly onAllOpen?: 'panic' | 'fail-fast';
  /**
   * How to choose among the endpoints in rotation: `'static'` (default), by the weights alone, or
   * `adaptiveDispatch()` of `@wrr/core/adaptive`, which also heeds load and latency. A change while
   * the balancer runs keeps the credits.
   */
  readonly dispatch?: 'static' | Dispatch;
  /**
   * Narrows every set of endpoints to the part that this client calls. Default: none, the client calls
   * all. A change acts from the next update.
   */
  readonly subset?: Subset;
}

/** Chooses the part of a set that one client calls. Pure. */
export type Subset = <E extends Endpoint>(endpoints: readonly E[]) => readonly E[];

/** Options of a balancer. */
export interface BalancerOptions extends BalancerPolicy {
  /** The time. In Node.js and browsers: `performance`. */
  readonly clock: Clock;
  /**
   * Source of randomness, uniform in [0, 1), for a random start phase and for jitter. Default: none;
   * the sequence starts where nginx's does, and open times have no jitter.
   */
  readonly random?: () => number;
  /**
   * Whether a new endpoint can be picked before `setAvailable(key, true)`. Default `true`: for callers
   * that know of no connections.
   */
  readonly assumeAvailable?: boolean;
  /** Listens to changes. Called after the state has changed; what it throws is dropped. */
  readonly onEvent?: (event: BalancerEvent) => void;
}

/** A policy with its defaults filled in. */
export interface CompletePolicy {
  readonly circuitBreaker: Omit<CircuitBreakerOptions, 'onEvent' | 'random'> | false;
  readonly warmUp: Required<WarmUpOptions> | false;
  readonly minAvailable: number;
  readonly onAllOpen: 'panic' | 'fail-fast';
  readonly dispatch: 'static' | Dispatch;
  readonly subset: Subset | undefined;
}

/**
 * Checks a policy and fills in its defaults.
 *
 * @throws {RangeError | TypeError} naming the option and the value.
 */
export function completePolicy(policy: BalancerPolicy): CompletePolicy {
  const { circuitBreaker = {}, warmUp = false, minAvailable = 0.5, onAllOpen = 'panic' } = policy;
  const { dispatch = 'static', subset } = policy;
  if (circuitBreaker !== false) createCircuitBreaker(circuitBreaker); // throws if an option is wrong
  if (!(minAvailable >= 0 && minAvailable <= 1)) {
    throw new RangeError(`minAvailable must be in [0, 1], got ${minAvailable}`);
  }
  checkOnAllOpen(onAllOpen);
  checkDispatch(dispatch);
  checkFunction('subset', subset);
  return {
    circuitBreaker,
    warmUp: completeWarmUp(warmUp),
    minAvailable,
    onAllOpen,
    dispatch,
    subset,
  };
}

function checkDispatch(value: unknown): void {
  if (value === 'static') return;
  if (typeof value === 'object' && value !== null && 'createDispatcher' in value) return;
  throw new TypeError(
    `dispatch must be 'static' or adaptiveDispatch() of @wrr/core/adaptive, got ${String(value)}`,
  );
}

function checkOnAllOpen(value: unknown): void {
  if (value === 'panic' || value === 'fail-fast') return;
  throw new TypeError(`onAllOpen must be 'panic' or 'fail-fast', got ${String(value)}`);
}

function completeWarmUp(options: WarmUpOptions | false): Required<WarmUpOptions> | false {
  if (options === false) return false;
  const { windowMs, minimum = 0.1, afterUnavailableMs = 1_000 } = options;
  if (!(windowMs > 0 && Number.isFinite(windowMs))) {
    throw new RangeError(`warmUp.windowMs must be > 0, got ${windowMs}`);
  }
  if (!(minimum > 0 && minimum <= 1)) {
    throw new RangeError(`warmUp.minimum must be in (0, 1], got ${minimum}`);
  }
  if (!(afterUnavailableMs >= 0)) {
    throw new RangeError(`warmUp.afterUnavailableMs must be >= 0, got ${afterUnavailableMs}`);
  }
  return { windowMs, minimum, afterUnavailableMs };
}
