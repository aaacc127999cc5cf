import {
  ATTEMPT_LINK_KEY,
  type AttemptLink,
  closeAttemptLink,
  formatTimeout,
  openAttemptLink,
  parseTimeoutMs,
  TIMEOUT_KEY,
} from '@wrr/core';
import { type CallOptions, ClientError, Metadata, Status } from 'nice-grpc-common';
import { causeOf } from './outcome.ts';

/** The longest time that a timer can be set to. */
const MAX_TIMER_MS = 2_147_483_647;

/** Returns the time that a call's metadata gives it, in milliseconds; Infinity if it says nothing. */
export function timeoutOf(metadata: Metadata | undefined): number {
  return parseTimeoutMs(metadata?.get(TIMEOUT_KEY) ?? '');
}

/** Returns the time until a deadline: a point in time, or milliseconds from now. Infinity without one. */
export function remainingMs(deadline: Date | number | undefined): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  const ms = typeof deadline === 'number' ? deadline : deadline.getTime() - Date.now();
  if (Number.isNaN(ms)) throw new RangeError(`deadline must be a time, got ${String(deadline)}`);
  return ms;
}

/** Makes the error of a call whose time was over before it was sent. */
export function tooLate(path: string): ClientError {
  return new ClientError(path, Status.DEADLINE_EXCEEDED, 'deadline had passed: not sent');
}

/** What an attempt is to be. */
export interface AttemptPlan {
  /** Path of the method, for errors. */
  readonly path: string;
  /** Number of the attempt, from 1. */
  readonly number: number;
  /** Endpoints that the call has tried. */
  readonly tried: Set<string>;
  /** After this time it is given up; Infinity for never. */
  readonly timeoutMs: number;
  /** What the server is told of it. Default: `timeoutMs`. */
  readonly serverTimeoutMs?: number;
}

/**
 * One attempt at a call: makes the options for `next`, and hands down to the channel what nice-grpc
 * does not.
 *
 * - The metadata carries the attempt's link (see core's `AttemptLink`), which the picker takes off,
 *   and `grpc-timeout`, so that the server knows when to stop.
 * - The signal aborts when the caller's does, or when time is over; then the link says so, and the
 *   endpoint's breaker counts a failure where it would see a call cancelled by the client.
 */
export class Attempt {
  readonly metadata: Metadata;
  readonly signal: AbortSignal;
  readonly #caller: AbortSignal | undefined;
  readonly #path: string;
  readonly #link: AttemptLink;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: CallOptions, plan: AttemptPlan) {
    const { path, number, tried, timeoutMs, serverTimeoutMs = timeoutMs } = plan;
    this.#caller = caller.signal;
    this.#path = path;
    this.signal = this.#controller.signal;
    this.#link = openAttemptLink(tried);
    this.metadata = Metadata(caller.metadata).set(ATTEMPT_LINK_KEY, this.#link.id);
    if (serverTimeoutMs !== Number.POSITIVE_INFINITY) {
      this.metadata.set(TIMEOUT_KEY, formatTimeout(serverTimeoutMs));
    }
    if (number > 1) this.metadata.set('grpc-previous-rpc-attempts', String(number - 1));
    if (this.#caller?.aborted === true) this.#onAbort();
    else this.#caller?.addEventListener('abort', this.#onAbort);
    this.limit(timeoutMs);
  }

  /** Gives the attempt up after this time from now, whatever was said before; Infinity for never. */
  limit(timeoutMs: number): void {
    clearTimeout(this.#timer);
    if (timeoutMs > MAX_TIMER_MS) return;
    this.#timer = setTimeout(() => {
      // The timer may be late because this process was busy. Then the answer may be here already,
      // unread: it is read before the second timer.
      this.#timer = setTimeout(() => {
        const details = `no answer within ${Math.ceil(timeoutMs)} ms`;
        this.#abort(new ClientError(this.#path, Status.DEADLINE_EXCEEDED, details));
      });
    }, timeoutMs);
  }

  /** Says what the attempt failed with: what its signal was aborted for, where that was the cause. */
  explain(error: unknown): unknown {
    return causeOf(error, this.signal);
  }

  /** Lets go of everything. To be called when the attempt has ended, however it has. */
  close(): void {
    clearTimeout(this.#timer);
    closeAttemptLink(this.#link);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#abort(this.#caller?.reason);
  };

  /** A deadline further out aborts with its error as the reason: that, too, is the endpoint's fault. */
  #abort(reason: unknown): void {
    this.#link.timedOut = reason instanceof ClientError && reason.code === Status.DEADLINE_EXCEEDED;
    this.#controller.abort(reason);
  }
}
