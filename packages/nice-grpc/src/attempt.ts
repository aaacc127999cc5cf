import {
  ATTEMPT_LINK_KEY,
  type AttemptLink,
  closeAttemptLink,
  formatTimeout,
  openAttemptLink,
  parseTimeoutMs,
  REFUSED_KEY,
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
  /** What the header of the response does. Default: nothing. */
  readonly onHeader?: 'commits' | 'stops-timer' | undefined;
}

/**
 * One attempt at a call: makes the options for `next`, and hands down to the channel what nice-grpc
 * does not.
 *
 * - The metadata carries the attempt's link (see core's `AttemptLink`), which the picker takes off,
 *   and `grpc-timeout`, so that the server knows when to stop.
 * - The signal aborts when the caller's does, or when time is over; then the link says so, and the
 *   endpoint's breaker counts a failure where it would see a call cancelled by the client.
 * - Header and trailer are held back until the attempt is the one that counts.
 */
export class Attempt {
  readonly options: CallOptions;
  /** Whether it is the attempt that counts: there is no going back. */
  committed = false;
  readonly #caller: CallOptions;
  readonly #plan: AttemptPlan;
  readonly #link: AttemptLink;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;

  constructor(caller: CallOptions, plan: AttemptPlan) {
    const { path, number, tried, timeoutMs, serverTimeoutMs = timeoutMs } = plan;
    this.#caller = caller;
    this.#plan = plan;
    this.#link = openAttemptLink(tried);
    const metadata = Metadata(caller.metadata).set(ATTEMPT_LINK_KEY, this.#link.id);
    if (serverTimeoutMs !== Number.POSITIVE_INFINITY) {
      metadata.set(TIMEOUT_KEY, formatTimeout(serverTimeoutMs));
    }
    if (number > 1) metadata.set('grpc-previous-rpc-attempts', String(number - 1));
    const { signal } = this.#controller;
    const callbacks = { onHeader: this.#onHeader, onTrailer: this.#onTrailer };
    this.options = { ...caller, metadata, signal, ...callbacks };

    if (caller.signal?.aborted === true) this.#onAbort();
    else caller.signal?.addEventListener('abort', this.#onAbort);
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

  /** What the server said on retries, if it did. */
  get pushback(): string | undefined {
    return this.#trailer?.get('grpc-retry-pushback-ms');
  }

  /** Whether the policy refused to pick an endpoint. */
  get refused(): boolean {
    return this.#trailer?.has(REFUSED_KEY) === true;
  }

  /** Says what the attempt failed with: what its signal was aborted for, where that was the cause. */
  explain(error: unknown): unknown {
    return causeOf(error, this.#controller.signal);
  }

  /** Makes it the attempt that counts: the caller gets header and trailer, now and from now on. */
  commit(): void {
    if (this.committed) return;
    this.committed = true;
    if (this.#header !== undefined) this.#caller.onHeader?.(this.#header);
    if (this.#trailer !== undefined) this.#caller.onTrailer?.(this.#trailer);
  }

  /** Passes messages on. The first one, or the end, makes it the attempt that counts. */
  async *committing<T>(
    responses: AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    for await (const response of responses) {
      this.commit();
      yield response;
    }
    this.commit();
  }

  /** Lets go of everything. To be called when the attempt has ended, however it has. */
  close(): void {
    clearTimeout(this.#timer);
    closeAttemptLink(this.#link);
    this.#caller.signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onHeader = (header: Metadata): void => {
    const { onHeader } = this.#plan;
    if (onHeader !== undefined) clearTimeout(this.#timer);
    if (onHeader === 'commits') this.commit();
    if (this.committed) this.#caller.onHeader?.(header);
    else this.#header = header;
  };

  readonly #onTrailer = (trailer: Metadata): void => {
    if (this.committed) this.#caller.onTrailer?.(trailer);
    else this.#trailer = trailer;
  };

  readonly #onAbort = (): void => {
    this.#abort(this.#caller.signal?.reason);
  };

  /** A deadline further out aborts with its error as the reason: that, too, is the endpoint's fault. */
  #abort(reason: unknown): void {
    this.#link.timedOut = reason instanceof ClientError && reason.code === Status.DEADLINE_EXCEEDED;
    this.#controller.abort(reason);
  }
}
