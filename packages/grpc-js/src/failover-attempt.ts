import {
  ATTEMPT_LINK_KEY,
  type AttemptLink,
  closeAttemptLink,
  openAttemptLink,
  PatientTimer,
} from '@wrr/core';
import {
  createMetadata,
  type InterceptingCallInterface,
  type InterceptingListener,
  type Metadata,
  type StatusCode,
  type StatusObject,
  status,
} from './grpc.ts';
import type { RequestFeed } from './request-buffer.ts';
import { timers } from './timers.ts';

/** The call that an attempt belongs to. */
export interface AttemptOwner {
  /** The server has begun to answer with a stream: the call belongs to this attempt from now on. */
  committed(attempt: FailoverAttempt): InterceptingListener;
  /** The attempt has ended, without having been committed. */
  attemptEnded(attempt: FailoverAttempt, result: StatusObject): void;
}

/**
 * One attempt: an inner call, linked to its pick, and what it has received.
 *
 * An answer of one message is held back until its status is known, headers included: as long as the
 * caller has seen nothing, another attempt may take its place. A streaming answer commits with its
 * first sign of life.
 */
export class FailoverAttempt implements InterceptingListener {
  readonly call: InterceptingCallInterface;
  readonly request: RequestFeed;
  readonly link: AttemptLink;
  readonly number: number;
  /** What was received of an answer of one message. */
  headers: Metadata | undefined;
  message: unknown = null;
  hasMessage = false;
  readonly #owner: AttemptOwner;
  readonly #streams: boolean;
  #listener: InterceptingListener | undefined;
  /** Runs until the attempt is sent, and then no more. */
  #poll: NodeJS.Timeout | undefined;
  #timer: PatientTimer<NodeJS.Timeout> | undefined;
  #over = false;

  constructor(
    owner: AttemptOwner,
    call: InterceptingCallInterface,
    request: RequestFeed,
    tried: Set<string>,
    number: number,
    streams: boolean,
  ) {
    this.#owner = owner;
    this.call = call;
    this.request = request;
    this.number = number;
    this.#streams = streams;
    this.link = openAttemptLink(tried);
  }

  start(metadata: Metadata, timeoutMs: number | undefined): void {
    const own = metadata.clone();
    own.set(ATTEMPT_LINK_KEY, this.link.id);
    if (this.number > 1) own.set('grpc-previous-rpc-attempts', String(this.number - 1));
    this.call.start(own, this);
    if (timeoutMs !== undefined && !this.#over) this.#watch(timeoutMs);
  }

  /** Gives the attempt up: another one won, or the caller left. Whatever it says is not heard. */
  abandon(code: StatusCode, details: string): void {
    if (this.#over) return;
    this.#finish();
    this.call.cancelWithStatus(code, details);
  }

  onReceiveMetadata(metadata: Metadata): void {
    if (this.#over) return;
    if (this.#streams) this.#commit().onReceiveMetadata(metadata);
    else this.headers = metadata;
  }

  onReceiveMessage(message: unknown): void {
    if (this.#over) return;
    if (this.#streams) this.#commit().onReceiveMessage(message);
    else {
      this.message = message;
      this.hasMessage = true;
    }
  }

  onReceiveStatus(result: StatusObject): void {
    if (this.#over) return;
    this.#finish();
    if (this.#listener === undefined) this.#owner.attemptEnded(this, result);
    else this.#listener.onReceiveStatus(result);
  }

  #commit(): InterceptingListener {
    this.#timer?.cancel();
    this.#listener ??= this.#owner.committed(this);
    return this.#listener;
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#poll);
    this.#timer?.cancel();
    closeAttemptLink(this.link);
  }

  /**
   * Starts the attempt's clock when it has been sent. Usually it has been by the time `start` returns;
   * while the channel has nowhere to send it, no endpoint can be blamed for being slow.
   */
  #watch(timeoutMs: number): void {
    if (this.link.endpoint === undefined) {
      this.#poll = setTimeout(() => this.#watch(timeoutMs), timeoutMs / 8);
    } else this.#timer = new PatientTimer(timers, timeoutMs, () => this.#timeOut(timeoutMs));
  }

  #timeOut(timeoutMs: number): void {
    const code = status.DEADLINE_EXCEEDED;
    const details = `attempt at ${this.link.endpoint} did not end within ${timeoutMs} ms`;
    this.link.timedOut = true;
    this.abandon(code, details);
    this.#owner.attemptEnded(this, { code, details, metadata: createMetadata() });
  }
}
