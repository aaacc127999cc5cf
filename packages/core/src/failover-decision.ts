import { backoffMs, drawSample } from './backoff.ts';
import type { GiveUpReason } from './failover-event.ts';
import type { CompleteFailoverOptions } from './failover-options.ts';
import { parsePushbackMs } from './pushback.ts';

/** Decides what follows the failed attempts of one call. */
export class FailoverDecision {
  readonly #options: CompleteFailoverOptions;
  /** Waits since the last pushback, after which they begin anew. */
  #waits = 0;

  constructor(options: CompleteFailoverOptions) {
    this.#options = options;
  }

  /**
   * Returns how long to wait before the next attempt, in milliseconds, or why there is none.
   */
  afterFailure(
    error: unknown,
    attempts: number,
    now: number,
    deadline: number,
  ): number | GiveUpReason {
    const { retryable, pushback, maxAttempts, budget } = this.#options;
    if (!retryable(error)) return 'not-retryable';
    const said = pushback?.(error);
    const delayMs = said === undefined ? this.#usualWait() : this.#toldWait(said);
    if (delayMs === undefined) return 'pushback';
    if (attempts >= maxAttempts) return 'attempts-used-up';
    if (now + delayMs >= deadline) return 'no-time-left';
    // Charged when the attempt starts: by then there may be no endpoint.
    return budget !== undefined && budget.balance(now) < 1 ? 'budget-used-up' : delayMs;
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
