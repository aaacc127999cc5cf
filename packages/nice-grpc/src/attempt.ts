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

/** Ties a signal to the attempt that made it: a tenth of the price of an event listener. */
const OWNER: unique symbol = Symbol('wrr.attempt');

interface OwnedSignal extends AbortSignal {
  [OWNER]?: Attempt;
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
  readonly signal: OwnedSignal;
  readonly #caller: OwnedSignal | undefined;
  readonly #link: AttemptLink;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The attempt inside this one that is told of aborts directly. */
  #inner: Attempt | undefined;

  constructor(caller: CallOptions, plan: AttemptPlan) {
    const { path, number, tried, timeoutMs, serverTimeoutMs = timeoutMs } = plan;
    this.#caller = caller.signal;
    this.signal = this.#controller.signal;
    this.signal[OWNER] = this;
    this.#link = openAttemptLink(tried);
    this.metadata = Metadata(caller.metadata).set(ATTEMPT_LINK_KEY, this.#link.id);
    if (serverTimeoutMs !== Number.POSITIVE_INFINITY) {
      this.metadata.set(TIMEOUT_KEY, formatTimeout(serverTimeoutMs));
    }
    if (number > 1) this.metadata.set('grpc-previous-rpc-attempts', String(number - 1));

    const outer = this.#caller?.[OWNER];
    if (this.#caller?.aborted === true) this.#onAbort();
    else if (outer !== undefined && outer.#inner === undefined) outer.#inner = this;
    else this.#caller?.addEventListener('abort', this.#onAbort);
    if (timeoutMs <= MAX_TIMER_MS) {
      const details = `no answer within ${Math.ceil(timeoutMs)} ms`;
      const giveUp = () => this.#abort(new ClientError(path, Status.DEADLINE_EXCEEDED, details));
      this.#timer = setTimeout(() => {
        // The timer may be late because this process was busy. Then the answer may be here already,
        // unread: it is read before the second timer.
        this.#timer = setTimeout(giveUp);
      }, timeoutMs);
    }
  }

  /** Says what the attempt failed with: what its signal was aborted for, where that was the cause. */
  explain(error: unknown): unknown {
    return causeOf(error, this.signal);
  }

  /** Takes the time limit off. */
  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  /** Lets go of everything. To be called when the attempt has ended, however it has. */
  close(): void {
    clearTimeout(this.#timer);
    closeAttemptLink(this.#link);
    const outer = this.#caller?.[OWNER];
    if (outer !== undefined && outer.#inner === this) outer.#inner = undefined;
    else this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#abort(this.#caller?.reason);
  };

  /** A deadline further out aborts with its error as the reason: that, too, is the endpoint's fault. */
  #abort(reason: unknown): void {
    this.#link.timedOut = reason instanceof ClientError && reason.code === Status.DEADLINE_EXCEEDED;
    if (this.#inner !== undefined) this.#inner.#abort(reason);
    this.#controller.abort(reason);
  }
}
