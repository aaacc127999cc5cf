import { checkNames, checkNumber, DURATION, MAX_DURATION_MS } from './option-checks.ts';
import { RollingWindow, WINDOW_BUCKETS } from './rolling-window.ts';

/** Options of a retry budget. */
export interface RetryBudgetOptions {
  /** Retries per call, in [0, 10]. Default 0.2. */
  readonly ratio?: number;
  /** Retries per second besides, for callers with few calls: >= 0. Default 10. */
  readonly reservePerSecond?: number;
  /** Length of the window over which both count, > 0. Default 10,000. */
  readonly windowMs?: number;
}

/** Bounds the load that retries add. Shared by all calls that go to one service. */
export interface RetryBudget {
  /** Says that a call begins. Its first attempt is never charged. */
  deposit(now: number): void;
  /** Takes one retry, or returns `false` and changes nothing. */
  withdraw(now: number): boolean;
  /** Number of retries that can be taken at `now`. */
  balance(now: number): number;
}

/**
 * Creates a retry budget: within the window, at most `ratio × calls + reservePerSecond × seconds`
 * retries. So when every call fails, and however often each would be retried, the load is at most
 * `1 + ratio` times the calls, plus the reserve.
 *
 * The numbers are Finagle's. It counts over a window and not in a bucket of fixed size, so that the
 * burst it can pay for grows with the traffic: when one of three endpoints dies, all calls in flight
 * there need a retry at once. O(1), no allocation, no timer.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  checkNames('retry budget', options, ['ratio', 'reservePerSecond', 'windowMs']);
  const { ratio = 0.2, reservePerSecond = 10, windowMs = 10_000 } = options;
  checkNumber('ratio', ratio, { min: 0, max: 10 });
  checkNumber('reservePerSecond', reservePerSecond, { min: 0, max: MAX_DURATION_MS });
  checkNumber('windowMs', windowMs, DURATION);
  return new WindowedBudget(ratio, (reservePerSecond * windowMs) / 1_000, windowMs);
}

class WindowedBudget implements RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #calls: RollingWindow;
  readonly #retries: RollingWindow;
  /** The latest time seen. */
  #at: number = Number.MIN_SAFE_INTEGER;

  constructor(ratio: number, reserve: number, windowMs: number) {
    this.#ratio = ratio;
    this.#reserve = reserve;
    this.#calls = new RollingWindow(windowMs, WINDOW_BUCKETS);
    this.#retries = new RollingWindow(windowMs, WINDOW_BUCKETS);
  }

  deposit(now: number): void {
    this.#observe(now);
    this.#calls.add(this.#at, false, false);
  }

  withdraw(now: number): boolean {
    if (this.balance(now) < 1) return false;
    this.#retries.add(this.#at, false, false);
    return true;
  }

  balance(now: number): number {
    this.#observe(now);
    const earned = this.#ratio * this.#calls.calls + this.#reserve;
    return Math.max(0, Math.floor(earned - this.#retries.calls));
  }

  /** Time never runs backwards, whatever `now` is. */
  #observe(now: number): void {
    if (now > this.#at && now < Number.POSITIVE_INFINITY) this.#at = now;
    this.#calls.roll(this.#at);
    this.#retries.roll(this.#at);
  }
}
