import {
  ATTEMPT_LINK_KEY,
  type AttemptLink,
  closeAttemptLink,
  formatTimeout,
  openAttemptLink,
  parseTimeoutMs,
  TIMEOUT_KEY,
} from '@wrr/core';
import {
  type CallOptions,
  ClientError,
  Metadata,
  type MethodDescriptor,
  Status,
} from 'nice-grpc-common';
import type { DeadlineCallOptions } from './deadline-middleware.ts';
import { causeOf } from './outcome.ts';

/** The longest time that a timer can be set to. */
const MAX_TIMER_MS = 2_147_483_647;

/** Returns the time that a call's metadata gives it, in milliseconds; Infinity if it says nothing. */
export function timeoutOf(metadata: Metadata | undefined): number {
  const text = metadata?.get(TIMEOUT_KEY);
  return text === undefined ? Number.POSITIVE_INFINITY : parseTimeoutMs(text);
}

/**
 * Returns the time that is left for a call, in milliseconds; Infinity if it has no deadline.
 *
 * @throws {ClientError} if it is over. @throws {RangeError} if the deadline is no time.
 */
export function timeLeft(path: string, options: CallOptions & DeadlineCallOptions): number {
  const { deadline = Number.POSITIVE_INFINITY, metadata } = options;
  const ms = typeof deadline === 'number' ? deadline : deadline.getTime() - Date.now();
  if (Number.isNaN(ms)) throw new RangeError(`deadline must be a time, got ${String(deadline)}`);
  const left = Math.min(ms, timeoutOf(metadata));
  if (left > 0) return left;
  throw new ClientError(path, Status.DEADLINE_EXCEEDED, 'deadline had passed: not sent');
}

/** What an attempt is to be. */
export interface AttemptPlan {
  readonly method: MethodDescriptor;
  /** Number of the attempt, from 1. */
  readonly number: number;
  /** Endpoints that the call has tried. */
  readonly tried: Set<string>;
  /** After this time it is given up; Infinity for never. */
  readonly timeoutMs: number;
  /** What the server is told of it. */
  readonly serverTimeoutMs: number;
}

/**
 * One attempt at a call: makes metadata and signal for `next`, and hands down to the channel what
 * nice-grpc does not.
 *
 * - The metadata carries the attempt's link (see core's `AttemptLink`), which the picker takes off,
 *   and `grpc-timeout`, so that the server knows when to stop.
 * - The signal aborts when the caller's does, or when time is over; then the link says so, and the
 *   endpoint's breaker counts a failure where it would see a call cancelled by the client.
 */
export class Attempt {
  readonly metadata: Metadata;
  /** What the picker knows of it. */
  readonly link: AttemptLink;
  readonly #caller: AbortSignal | undefined;
  readonly #path: string;
  readonly #controller: AbortController;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: CallOptions, plan: AttemptPlan) {
    const { number, timeoutMs, serverTimeoutMs } = plan;
    this.#caller = caller.signal;
    this.#path = plan.method.path;
    this.#controller = new AbortController();
    this.link = openAttemptLink(plan.tried);
    this.link.streams = plan.method.requestStream || plan.method.responseStream;
    this.metadata = Metadata(caller.metadata).set(ATTEMPT_LINK_KEY, this.link.id);
    if (serverTimeoutMs !== Number.POSITIVE_INFINITY) {
      this.metadata.set(TIMEOUT_KEY, formatTimeout(serverTimeoutMs));
    }
    if (number > 1) this.metadata.set('grpc-previous-rpc-attempts', String(number - 1));
    if (this.#caller?.aborted === true) this.#onAbort();
    else this.#caller?.addEventListener('abort', this.#onAbort);
    this.limit(timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the attempt up after this time from now, whatever was said before; Infinity for never. */
  limit(timeoutMs: number): void {
    clearTimeout(this.#timer);
    if (timeoutMs > MAX_TIMER_MS) return;
    const dueAt = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => {
      // Timers run before sockets are read. After a block of this process every answer is unread: so
      // the time of the block does not count, as far as it is no longer than the attempt's own.
      const extraMs = Math.min(performance.now() - dueAt, timeoutMs);
      this.#timer = setTimeout(() => {
        const details = `no answer within ${Math.ceil(timeoutMs)} ms`;
        this.#abort(new ClientError(this.#path, Status.DEADLINE_EXCEEDED, details));
      }, extraMs);
    }, timeoutMs);
  }

  /** Says what the attempt failed with: what its signal was aborted for, where that was the cause. */
  explain(error: unknown): unknown {
    return causeOf(error, this.signal);
  }

  /** Lets go of everything. To be called when the attempt has ended, however it has. */
  close(): void {
    clearTimeout(this.#timer);
    closeAttemptLink(this.link);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#abort(this.#caller?.reason);
  };

  /** A deadline further out aborts with its error as the reason: that, too, is the endpoint's fault. */
  #abort(reason: unknown): void {
    this.link.timedOut = reason instanceof ClientError && reason.code === Status.DEADLINE_EXCEEDED;
    this.#controller.abort(reason);
  }
}
