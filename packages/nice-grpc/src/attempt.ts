import {
  ATTEMPT_LINK_KEY,
  type AttemptLink,
  closeAttemptLink,
  formatTimeout,
  openAttemptLink,
  PatientTimer,
  TIMEOUT_KEY,
  type Timers,
} from '@wrr/core';
import {
  type CallOptions,
  ClientError,
  Metadata,
  type MethodDescriptor,
  Status,
} from 'nice-grpc-common';
import { causeOf } from './outcome.ts';

/** The longest time that a timer can be set to. */
const MAX_TIMER_MS = 2_147_483_647;

type Timer = ReturnType<typeof setTimeout>;
const timers: Timers<Timer> = {
  now: () => performance.now(),
  set: (action, ms) => setTimeout(action, ms),
  clear: (timer) => clearTimeout(timer),
};

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
  /** What the picker knows of it. */
  readonly link: AttemptLink;
  readonly metadata: Metadata;
  readonly #caller: AbortSignal | undefined;
  readonly #path: string;
  readonly #controller: AbortController = new AbortController();
  #timer: PatientTimer<Timer> | undefined;

  /**
   * `number` is from 1, `tried` the call's, `serverTimeoutMs` what the server is told. Both times can
   * be Infinity, for none.
   */
  constructor(
    caller: CallOptions,
    { path, requestStream, responseStream }: MethodDescriptor,
    number: number,
    tried: Set<string>,
    timeoutMs: number,
    serverTimeoutMs: number,
  ) {
    this.#caller = caller.signal;
    this.#path = path;
    this.link = openAttemptLink(tried);
    this.link.streams = requestStream || responseStream;
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
    this.#timer?.cancel();
    if (timeoutMs > MAX_TIMER_MS) return;
    this.#timer = new PatientTimer(timers, timeoutMs, () => {
      const details = `no answer within ${Math.ceil(timeoutMs)} ms`;
      this.#abort(new ClientError(this.#path, Status.DEADLINE_EXCEEDED, details));
    });
  }

  /** Says what the attempt failed with: what its signal was aborted for, where that was the cause. */
  explain(error: unknown): unknown {
    return causeOf(error, this.signal);
  }

  /** Lets go of everything. To be called when the attempt has ended, however it has. */
  close(): void {
    this.#timer?.cancel();
    closeAttemptLink(this.link);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#abort(this.#caller?.reason);

  /** A deadline further out aborts with its error as the reason: that, too, is the endpoint's fault. */
  #abort(reason: unknown): void {
    this.link.timedOut = reason instanceof ClientError && reason.code === Status.DEADLINE_EXCEEDED;
    this.#controller.abort(reason);
  }
}
