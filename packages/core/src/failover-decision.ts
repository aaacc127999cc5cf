import { backoffMs, drawSample } from './backoff.ts';
import type { GiveUpReason } from './failover-event.ts';
import type { CompleteFailoverOptions } from './failover-options.ts';
import { parsePushbackMs } from './pushback.ts';
import type { RetryBudget } from './retry-budget.ts';

/**
 * Decides what follows the failed attempts of one call.
 *
 * The budget bounds the load that retries add to servers. An attempt that found no endpoint to go to
 * adds none, and the next one may be the call's first to reach a server. So until one has, a budget of
 * its own pays: it bounds what the client does in a total outage, and leaves the other for the moment
 * at which the servers come back, slow and not all at once.
 */
export class FailoverDecision {
  readonly #options: CompleteFailoverOptions;
  /** Whether an attempt has reached an endpoint; undefined before the first has failed. */
  #reached: boolean | undefined;
  /** Waits since the last pushback, after which they begin anew. */
  #waits = 0;

  constructor(options: CompleteFailoverOptions) {
    this.#options = options;
  }

  /**
   * Returns how long to wait before the next attempt, in milliseconds, or why there is none. `reached`
   * is false if the attempt that failed was sent to no endpoint.
   */
  afterFailure(
    error: unknown,
    attempts: number,
    now: number,
    deadline: number,
    reached: boolean = true,
  ): number | GiveUpReason {
    const { retryable, pushback, maxAttempts, unsentBudget } = this.#options;
    if (!reached && this.#reached === undefined) unsentBudget?.deposit(now);
    this.#reached = this.#reached === true || reached;
    if (!retryable(error)) return 'not-retryable';
    const said = pushback?.(error);
    const delayMs = said === undefined ? this.#usualWait() : this.#toldWait(said);
    if (delayMs === undefined) return 'pushback';
    if (attempts >= maxAttempts) return 'attempts-used-up';
    if (now + delayMs >= deadline) return 'no-time-left';
    // Charged when the attempt starts: by then there may be no endpoint.
    return (this.#budget?.balance(now) ?? 1) < 1 ? 'budget-used-up' : delayMs;
  }

  /** Charges the next attempt, just before it starts. Returns whether it may. */
  pay(now: number): boolean {
    return this.#budget?.withdraw(now) ?? true;
  }

  get #budget(): RetryBudget | undefined {
    const { budget, unsentBudget } = this.#options;
    return this.#reached === false ? (unsentBudget ?? budget) : budget;
  }

  #toldWait(said: string): number | undefined {
    this.#waits = 0;
    return parsePushbackMs(said);
  }

  /** A hedged call goes on at once: it is in a hurry. */
  #usualWait(): number {
    const { backoff, random, hedgingDelayMs } = this.#options;
    return hedgingDelayMs === undefined ? backoffMs(++this.#waits, drawSample(random), backoff) : 0;
  }
}
