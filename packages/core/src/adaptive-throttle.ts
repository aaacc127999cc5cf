import {
  checkFunction,
  checkNames,
  checkNumber,
  DURATION,
  DURATION_OR_ZERO,
} from './option-checks.ts';
import type { Outcome } from './outcome.ts';
import { RollingWindow } from './rolling-window.ts';

/** The numbers of a throttle. */
export interface AdaptiveThrottlePreset {
  /** Calls are let through while they are at most this many times the successes: > 1. Default 2. */
  readonly k?: number;
  /** Below this many calls in the window everything is let through: an integer from 0. Default 5. */
  readonly minRequests?: number;
  /** Length of the window, > 0. Default 3,000. */
  readonly windowMs?: number;
  /** Buckets that the window is cut into: an integer from 1 to 1,000. Default 10. */
  readonly buckets?: number;
  /**
   * Whether a call that the throttle rejects counts as a failed one. `true` holds traffic to about
   * one call per window however many arrive, at the price of a slow recovery. Default `false`.
   */
  readonly countRejects?: boolean;
  /** A call is let through when none has been for this long; 0 for no such rule. Default 1,000. */
  readonly forcePassMs?: number;
}

/** Options of a throttle. */
export interface AdaptiveThrottleOptions extends AdaptiveThrottlePreset {
  /** Source of randomness, uniform in [0, 1): `Math.random`. */
  readonly random: () => number;
}

/** Sheds calls at the client in proportion to how many fail. See {@link createAdaptiveThrottle}. */
export interface AdaptiveThrottle {
  /** Decides about one call at `now`. What is admitted should be settled. */
  admit(now: number): boolean;
  /** Says how an admitted call ended. `ignored` counts as if it had not been made. */
  settle(now: number, outcome: Outcome): void;
  /** The share of calls that is rejected at `now`, in [0, 1). Changes nothing a decision depends on. */
  rejection(now: number): number;
}

/**
 * The numbers of the SRE breaker in go-kratos/aegis: with them, decisions are the same bit for bit
 * for the same random numbers and the same times since creation.
 */
export const AEGIS_THROTTLE: Required<AdaptiveThrottlePreset> = {
  k: 1 / 0.6,
  minRequests: 100,
  windowMs: 3_000,
  buckets: 10,
  countRejects: true,
  forcePassMs: 0,
};

const DEFAULTS: Required<AdaptiveThrottlePreset> = {
  k: 2,
  minRequests: 5,
  windowMs: 3_000,
  buckets: 10,
  countRejects: false,
  forcePassMs: 1_000,
};

const NAMES = [...Object.keys(DEFAULTS), 'random'];

/**
 * Creates the client-side throttle of Google's SRE book (chapter "Handling Overload"): with `total`
 * calls and `ok` successes in the window, a call is rejected with probability
 * `(total − k × ok) / (total + 1)`. It has no states; being below 1, the probability never shuts a
 * backend off for good.
 *
 * Calls are counted when they end, so that a slow backend is not taken for a failing one. With the
 * defaults rejected calls do not count: what passes is then a matter of the success rate alone (at a
 * success rate of 40 % and k = 2, 80 % pass), and after an outage, short or long, calls are back within
 * two seconds at any rate. aegis counts them: below a success rate of 1/k the traffic collapses to a
 * trickle, and comes back slowly.
 *
 * O(1) a call; no allocation, no timer.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function createAdaptiveThrottle(options: AdaptiveThrottleOptions): AdaptiveThrottle {
  checkNames('adaptive throttle', options, NAMES);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { random } = options;
  const complete = { ...DEFAULTS, random, ...Object.fromEntries(given) };
  checkNumber('k', complete.k, { above: 1 });
  checkNumber('minRequests', complete.minRequests, { min: 0, max: 1_000_000, integer: true });
  checkNumber('windowMs', complete.windowMs, DURATION);
  checkNumber('buckets', complete.buckets, { min: 1, max: 1_000, integer: true });
  checkNumber('forcePassMs', complete.forcePassMs, DURATION_OR_ZERO);
  if (typeof complete.countRejects !== 'boolean') {
    throw new TypeError(`countRejects must be a boolean, got ${String(complete.countRejects)}`);
  }
  checkFunction('random', complete.random, true);
  return new SreThrottle(complete);
}

class SreThrottle implements AdaptiveThrottle {
  readonly #options: Required<AdaptiveThrottleOptions>;
  readonly #window: RollingWindow;
  /** The latest time seen. */
  #at: number = Number.MIN_SAFE_INTEGER;
  #lastPass: number = Number.MIN_SAFE_INTEGER;

  constructor(options: Required<AdaptiveThrottleOptions>) {
    this.#options = options;
    this.#window = new RollingWindow(options.windowMs, options.buckets);
  }

  admit(now: number): boolean {
    const { random, forcePassMs, countRejects } = this.#options;
    this.#observe(now);
    const overdue = forcePassMs > 0 && this.#at - this.#lastPass >= forcePassMs;
    // The random number is drawn exactly when aegis draws one, even for a probability of 0.
    if (overdue || !this.#suspects() || random() >= this.#probability()) {
      this.#lastPass = this.#at;
      return true;
    }
    if (countRejects) this.#window.add(this.#at, true, false);
    return false;
  }

  settle(now: number, outcome: Outcome): void {
    if (outcome === 'ignored') return;
    this.#observe(now);
    this.#window.add(this.#at, outcome === 'failure', false);
  }

  rejection(now: number): number {
    this.#observe(now);
    return this.#suspects() ? this.#probability() : 0;
  }

  /** Time never runs backwards, whatever `now` is. */
  #observe(now: number): void {
    if (now > this.#at && now < Number.POSITIVE_INFINITY) this.#at = now;
    this.#window.roll(this.#at);
  }

  #suspects(): boolean {
    const { k, minRequests } = this.#options;
    const { calls, failures } = this.#window;
    return calls >= minRequests && calls >= k * (calls - failures);
  }

  #probability(): number {
    const { calls, failures } = this.#window;
    return Math.max(0, (calls - this.#options.k * (calls - failures)) / (calls + 1));
  }
}
