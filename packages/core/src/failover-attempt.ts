import type { AttemptController, AttemptSignal } from './abort.ts';
import type { Outcome } from './outcome.ts';

/** What failover needs of a balancer. */
export interface FailoverBalancer<E extends { readonly key: string }> {
  pick(options: {
    readonly tried: ReadonlySet<string>;
    readonly whenAllTried: 'stop' | 'repeat';
    readonly deadline?: number;
  }):
    | { readonly kind: 'picked'; readonly endpoint: E; readonly attempt: FailoverAttempt }
    | { readonly kind: 'none'; readonly reason: string; readonly retryAfterMs: number };
}

/** The balancer's record of one attempt. */
export interface FailoverAttempt {
  start(): void;
  end(outcome: Outcome, details?: { readonly latencyMs?: number }): void;
}

/** What an attempt is told. */
export interface AttemptContext {
  /** Aborted when the attempt is given up: it timed out, another one won, or the caller left. */
  readonly signal: AttemptSignal;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** An attempt that failed. */
export interface FailedAttempt {
  /** The endpoint. */
  readonly key: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly error: unknown;
  readonly latencyMs: number;
}

/** Where a call's end is told. Further ends change nothing, as with a promise. */
export interface FailoverCallbacks<T> {
  resolve(value: T): void;
  reject(error: unknown, attempts: readonly FailedAttempt[]): void;
}

/** An attempt under way. */
export interface LiveAttempt {
  readonly key: string;
  readonly number: number;
  readonly startedAt: number;
  readonly record: FailoverAttempt;
  /** Aborts the work. */
  readonly work: AttemptController;
  /** Ends the wait for the attempt's timeout. Apart from the work's, which must survive success. */
  timer: AttemptController | undefined;
}
