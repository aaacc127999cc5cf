import { type AttemptController, createController } from './abort.ts';
import type { Clock } from './clock.ts';
import { AttemptTimeoutError, DeadlineExceededError, NoEndpointsError } from './errors.ts';
import type {
  AttemptContext,
  FailedAttempt,
  FailoverBalancer,
  FailoverCallbacks,
  LiveAttempt,
} from './failover-attempt.ts';
import { FailoverDecision } from './failover-decision.ts';
import type { FailoverEvent, GiveUpReason } from './failover-event.ts';
import type { CompleteFailoverOptions } from './failover-options.ts';
import { callSafely } from './listeners.ts';
import type { Outcome } from './outcome.ts';
import { after } from './timer.ts';

/**
 * One call on its way through its attempts.
 *
 * Written with callbacks and not with `await`, so that the end of the call is one moment: nothing can
 * start between the caller's abort and the clean-up.
 */
export class FailoverCall<E extends { readonly key: string }, T> {
  readonly #balancer: FailoverBalancer<E>;
  readonly #call: (endpoint: E, context: AttemptContext) => PromiseLike<T> | T;
  readonly #options: CompleteFailoverOptions;
  readonly #callbacks: FailoverCallbacks<T>;
  readonly #decision: FailoverDecision;
  readonly #failed: FailedAttempt[] = [];
  readonly #tried = new Set<string>();
  readonly #live = new Set<LiveAttempt>();
  #deadline = Number.POSITIVE_INFINITY;
  #attempts = 0;
  #ended = false;
  /** Ends the wait for the deadline. */
  #deadlineTimer: AttemptController | undefined;
  /** Ends the wait for the next attempt: there is never more than one. */
  #nextTimer: AttemptController | undefined;

  constructor(
    balancer: FailoverBalancer<E>,
    call: (endpoint: E, context: AttemptContext) => PromiseLike<T> | T,
    options: CompleteFailoverOptions,
    callbacks: FailoverCallbacks<T>,
  ) {
    this.#balancer = balancer;
    this.#call = call;
    this.#options = options;
    this.#decision = new FailoverDecision(options);
    this.#callbacks = callbacks;
  }

  begin(): void {
    const { signal, timeoutMs, budget, clock } = this.#options;
    if (signal?.aborted) {
      this.#callbacks.reject(signal.reason, this.#failed);
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    this.#guarded(() => {
      const now = clock.now();
      budget?.deposit(now);
      if (timeoutMs !== undefined) {
        this.#deadline = now + timeoutMs;
        this.#deadlineTimer = this.#after(timeoutMs, () => this.#onDeadline(timeoutMs));
      }
      this.#attempt();
    });
  }

  /** Picks an endpoint and starts an attempt there; a hedge if it is given its delay. */
  #attempt(hedgedAfterMs?: number): void {
    const { perAttemptTimeoutMs, hedgingDelayMs, maxAttempts, budget, clock } = this.#options;
    const now = clock.now();
    const paid = this.#attempts > 0 ? budget : undefined;
    const lastError = this.#failed.at(-1)?.error;
    if (paid !== undefined && paid.balance(now) < 1) {
      this.#stuck('budget-used-up', lastError);
      return;
    }
    const pick = this.#pick(now);
    if (pick.kind === 'none') {
      const none = new NoEndpointsError(pick.reason, pick.retryAfterMs);
      this.#stuck('no-endpoint', this.#attempts > 0 ? lastError : none);
      return;
    }
    const { endpoint, attempt: record } = pick;
    const number = this.#attempts + 1;
    // Not before there is an endpoint for it.
    paid?.withdraw(now);
    if (hedgedAfterMs !== undefined) {
      this.#tell({ type: 'failover', action: 'hedge', attempt: number, delayMs: hedgedAfterMs });
    }
    if (this.#ended) {
      // By a listener, the balancer's or this call's.
      record.end('ignored');
      return;
    }
    this.#attempts = number;
    const work = createController();
    const { key } = endpoint;
    const live: LiveAttempt = { key, number, startedAt: now, record, work, timer: undefined };
    this.#tried.add(key);
    this.#live.add(live);
    record.start();
    if (perAttemptTimeoutMs !== undefined) {
      live.timer = this.#after(perAttemptTimeoutMs, () => this.#onTimeout(live), clock);
    }
    if (hedgingDelayMs !== undefined && number < maxAttempts) {
      this.#next(hedgingDelayMs, () => this.#attempt(hedgingDelayMs));
    }
    this.#run(endpoint, live).then(
      (value) => this.#guarded(() => this.#onSuccess(live, value)),
      (error: unknown) => this.#guarded(() => this.#onError(live, error)),
    );
  }

  #pick(now: number): ReturnType<FailoverBalancer<E>['pick']> {
    const { whenAllTried, perAttemptTimeoutMs = Number.POSITIVE_INFINITY } = this.#options;
    const deadline = Math.min(now + perAttemptTimeoutMs, this.#deadline);
    return this.#balancer.pick({
      tried: this.#tried,
      // Hedges run at different endpoints, or not at all.
      whenAllTried: this.#live.size > 0 ? 'stop' : whenAllTried,
      ...(Number.isFinite(deadline) && { deadline }),
    });
  }

  /** Async, so that what `call` throws becomes a rejection. */
  async #run(endpoint: E, { work, number }: LiveAttempt): Promise<T> {
    return this.#call(endpoint, { signal: work.signal, attempt: number });
  }

  #onSuccess(live: LiveAttempt, value: T): void {
    if (!this.#live.has(live)) return;
    this.#settle(live, 'success');
    this.#end('ignored', undefined);
    this.#callbacks.resolve(value);
  }

  #onError(live: LiveAttempt, error: unknown): void {
    if (this.#live.has(live)) this.#onFailure(live, error, this.#options.outcome(error));
  }

  #onTimeout(live: LiveAttempt): void {
    const error = new AttemptTimeoutError(live.key, this.#options.perAttemptTimeoutMs ?? 0);
    live.work.abort(error);
    this.#onFailure(live, error, 'failure');
  }

  #onFailure(live: LiveAttempt, error: unknown, outcome: Outcome): void {
    // The caller's own functions have just run, and may have ended the call.
    if (this.#ended) return;
    const latencyMs = this.#settle(live, outcome);
    this.#failed.push({ key: live.key, attempt: live.number, error, latencyMs });
    this.#goOn(error);
  }

  #goOn(error: unknown): void {
    const attempts = this.#attempts;
    const next = this.#decision.afterFailure(
      error,
      attempts,
      this.#options.clock.now(),
      this.#deadline,
    );
    if (typeof next === 'number') {
      const attempt = attempts + 1;
      this.#tell({ type: 'failover', action: 'retry', attempt, delayMs: next, error });
      this.#next(next, () => this.#attempt());
      return;
    }
    if (next === 'pushback') this.#nextTimer?.abort();
    if (next === 'not-retryable') this.#giveUp(next, error);
    else this.#stuck(next, error);
  }

  /** No further attempt is possible; but those under way may still win. */
  #stuck(reason: GiveUpReason, error: unknown): void {
    if (this.#live.size === 0) this.#giveUp(reason, error);
  }

  #next(delayMs: number, action: () => void): void {
    if (this.#ended) return;
    this.#nextTimer?.abort();
    this.#nextTimer = undefined;
    if (delayMs > 0) this.#nextTimer = this.#after(delayMs, action);
    else action();
  }

  #giveUp(reason: GiveUpReason, error: unknown): void {
    if (this.#ended) return;
    this.#tell({ type: 'failover', action: 'give-up', reason, attempt: this.#attempts, error });
    this.#fail(error);
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#options.signal?.reason);
  };

  #onDeadline(timeoutMs: number): void {
    const cause = this.#failed.at(-1)?.error;
    const error = new DeadlineExceededError(timeoutMs, this.#attempts, cause);
    this.#end('failure', error);
    this.#callbacks.reject(error, this.#failed);
  }

  /** Ends the call: no timer, no listener and no attempt outlives it. */
  #end(outcome: Outcome, reason: unknown): void {
    this.#ended = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#deadlineTimer?.abort();
    this.#nextTimer?.abort();
    for (const live of this.#live) {
      this.#settle(live, outcome);
      live.work.abort(reason);
    }
  }

  #settle(live: LiveAttempt, outcome: Outcome): number {
    this.#live.delete(live);
    live.timer?.abort();
    const latencyMs = this.#options.clock.now() - live.startedAt;
    live.record.end(outcome, { latencyMs });
    return latencyMs;
  }

  #after(ms: number, action: () => void, clock?: Clock): AttemptController {
    return after(this.#options.sleep, ms, () => this.#guarded(action), this.#fail, clock);
  }

  /** Whatever the caller's functions throw ends the call: it must not stay unsettled. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #fail = (error: unknown): void => {
    this.#end('ignored', error);
    this.#callbacks.reject(error, this.#failed);
  };

  #tell(event: FailoverEvent): void {
    callSafely(this.#options.onEvent, event);
  }
}
