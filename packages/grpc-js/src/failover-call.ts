import { type FailoverDecision, type GiveUpReason, PatientTimer, REFUSED_KEY } from '@wrr/core';
import { AttemptHistory } from './attempt-history.ts';
import { deadlineOf } from './deadline.ts';
import { publishFailover } from './diagnostics.ts';
import { type AttemptOwner, FailoverAttempt } from './failover-attempt.ts';
import { AttemptFailure, type FailoverSettings } from './failover-options.ts';
import {
  createMetadata,
  type InterceptingCallInterface,
  type InterceptingListener,
  type InterceptorOptions,
  type MessageContext,
  type Metadata,
  type NextCall,
  type StatusCode,
  type StatusObject,
  status,
} from './grpc.ts';
import { RequestBuffer, RequestFeed } from './request-buffer.ts';
import { timers } from './timers.ts';

const DISCARDED = 'Discarded in favor of another attempt';
const NONE: readonly never[] = [];

/**
 * One call on its way through its attempts, each of them an inner call.
 *
 * Whether and when to try again is core's decision; here are the mechanics: what was sent is sent
 * again, what was received is passed on once, and when the call has ended no attempt and no timer is
 * left.
 */
export class FailoverCall implements InterceptingCallInterface, AttemptOwner {
  readonly #options: InterceptorOptions;
  readonly #nextCall: NextCall;
  readonly #settings: FailoverSettings;
  readonly #idempotent: boolean;
  readonly #hedgingDelayMs: number | undefined;
  readonly #request: RequestBuffer;
  readonly #tried = new Set<string>();
  /** Attempts under way, replaced and never changed: nearly always there is one. */
  #live: readonly FailoverAttempt[] = NONE;
  #metadata: Metadata | undefined;
  #listener: Partial<InterceptingListener> = {};
  #decision: FailoverDecision | undefined;
  /** The attempt that the call has come to stay with. */
  #committed: FailoverAttempt | undefined;
  #latest: FailoverAttempt | undefined;
  #started = 0;
  /** Attempts that a retry policy below has made besides ours: they count as well. */
  #extra = 0;
  #wantsRead = false;
  #ended = false;
  /** Ends the wait for the next attempt: there is never more than one. */
  #timer: PatientTimer<NodeJS.Timeout> | undefined;
  #history: AttemptHistory | undefined;

  constructor(options: InterceptorOptions, nextCall: NextCall, settings: FailoverSettings) {
    const { path, requestStream } = options.method_definition;
    this.#options = options;
    this.#nextCall = nextCall;
    this.#settings = settings;
    this.#idempotent = settings.isIdempotent(path);
    if (this.#idempotent && !requestStream) this.#hedgingDelayMs = settings.hedgingDelayMs;
    this.#request = new RequestBuffer(requestStream ? settings.replayMessages : 1);
  }

  start(metadata: Metadata, listener: Partial<InterceptingListener> = {}): void {
    this.#metadata = metadata;
    this.#listener = listener;
    this.#settings.budget?.deposit(performance.now());
    this.#attempt('repeat');
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    this.#request.add(context, message);
    for (const attempt of this.#listening()) attempt.request.advance();
  }

  halfClose(): void {
    this.#request.halfClosed = true;
    for (const attempt of this.#listening()) attempt.request.advance();
  }

  startRead(): void {
    this.#wantsRead = true;
    for (const attempt of this.#listening()) attempt.call.startRead();
  }

  cancelWithStatus(code: StatusCode, details: string): void {
    this.#committed?.call.cancelWithStatus(code, details);
    if (this.#ended) return;
    this.#end(code, details);
    const result = { code, details, metadata: createMetadata() };
    process.nextTick(() => this.#listener.onReceiveStatus?.(result));
  }

  getPeer(): string {
    return this.#latest?.call.getPeer() ?? 'unknown';
  }

  getAuthContext(): ReturnType<InterceptingCallInterface['getAuthContext']> {
    return this.#latest?.call.getAuthContext() ?? null;
  }

  committed(attempt: FailoverAttempt): InterceptingListener {
    this.#committed = attempt;
    this.#latest = attempt;
    this.#drop(attempt);
    this.#request.pin();
    this.#end(status.CANCELLED, DISCARDED);
    const listener = this.#listener;
    return {
      onReceiveMetadata: (metadata) => listener.onReceiveMetadata?.(metadata),
      onReceiveMessage: (message) => listener.onReceiveMessage?.(message),
      onReceiveStatus: (result) => listener.onReceiveStatus?.(result),
    };
  }

  attemptEnded(attempt: FailoverAttempt, result: StatusObject): void {
    this.#drop(attempt);
    if (this.#ended) return;
    if (result.code === status.OK) {
      this.#deliver(attempt, result);
      return;
    }
    // A hedge that found no other endpoint: as if it had not been made.
    if (this.#live.length > 0 && result.metadata.get(REFUSED_KEY).length > 0) return;
    const { endpoint, picks, timedOut } = attempt.link;
    this.#extra += Math.max(0, picks - 1);
    this.#history ??= new AttemptHistory();
    this.#history.add(endpoint, result);
    const next = this.#decide(new AttemptFailure(result, endpoint, timedOut, this.#idempotent));
    if (typeof next === 'number') this.#retry(attempt, result, next);
    else if (this.#live.length === 0 || next === 'not-retryable')
      this.#giveUp(attempt, result, next);
    else if (next === 'pushback') this.#timer?.cancel();
  }

  #decide(failure: AttemptFailure): number | GiveUpReason {
    if (this.#request.isPinned) return 'not-retryable';
    this.#decision ??= this.#settings.newDecision();
    const now = performance.now();
    const deadline = deadlineOf(this.#options, now);
    const made = this.#started + this.#extra;
    return this.#decision.afterFailure(failure, made, now, deadline, failure.reached);
  }

  #retry(attempt: FailoverAttempt, result: StatusObject, delayMs: number): void {
    this.#tell('retry', this.#started + 1, delayMs, result);
    this.#after(delayMs, () => {
      if (this.#decision?.pay(performance.now()) === true) this.#attempt('repeat');
      else if (this.#live.length === 0) this.#giveUp(attempt, result, 'budget-used-up');
    });
  }

  #hedge(delayMs: number): void {
    this.#decision ??= this.#settings.newDecision();
    if (!this.#decision.pay(performance.now())) return;
    this.#tell('hedge', this.#started + 1, delayMs, undefined);
    this.#attempt('stop');
  }

  #giveUp(attempt: FailoverAttempt, result: StatusObject, reason: GiveUpReason): void {
    if (reason !== 'not-retryable') this.#tell(reason, this.#started, 0, result);
    this.#deliver(attempt, result);
  }

  #attempt(whenAllTried: 'stop' | 'repeat'): void {
    const { perAttemptTimeoutMs, maxAttempts } = this.#settings;
    const { requestStream, responseStream } = this.#options.method_definition;
    const call = this.#nextCall(this.#options);
    const request = new RequestFeed(this.#request, call, requestStream);
    const number = ++this.#started;
    const attempt = new FailoverAttempt(this, call, request, this.#tried, number, responseStream);
    attempt.link.whenAllTried = whenAllTried;
    this.#live = this.#live.length === 0 ? [attempt] : [...this.#live, attempt];
    this.#latest = attempt;
    const metadata = this.#metadata ?? createMetadata();
    attempt.start(metadata, this.#idempotent ? perAttemptTimeoutMs : undefined);
    if (!this.#live.includes(attempt)) return;
    request.advance();
    if (this.#wantsRead) call.startRead();
    const hedgingDelayMs = this.#hedgingDelayMs;
    if (hedgingDelayMs !== undefined && this.#started + this.#extra < maxAttempts) {
      this.#after(hedgingDelayMs, () => this.#hedge(hedgingDelayMs));
    }
  }

  /** Nobody stands above a timer: what the next attempt throws (a closed channel) ends the call. */
  #after(delayMs: number, action: () => void): void {
    this.#timer?.cancel();
    this.#timer = new PatientTimer(timers, delayMs, () => {
      try {
        action();
      } catch (error) {
        this.cancelWithStatus(status.UNAVAILABLE, String(error));
      }
    });
  }

  #deliver(attempt: FailoverAttempt, result: StatusObject): void {
    this.#end(status.CANCELLED, DISCARDED);
    if (attempt.headers !== undefined) this.#listener.onReceiveMetadata?.(attempt.headers);
    if (attempt.hasMessage) this.#listener.onReceiveMessage?.(attempt.message);
    this.#listener.onReceiveStatus?.(this.#history?.addedTo(result) ?? result);
  }

  /** No timer, no attempt and no message outlives the decision about the call. */
  #end(code: StatusCode, details: string): void {
    this.#ended = true;
    this.#timer?.cancel();
    const live = this.#live;
    this.#live = NONE;
    for (const attempt of live) attempt.abandon(code, details);
  }

  #drop(attempt: FailoverAttempt): void {
    const isOnly = this.#live.length === 1 && this.#live[0] === attempt;
    this.#live = isOnly ? NONE : this.#live.filter((other) => other !== attempt);
  }

  /** The attempts that what the caller does goes to. */
  #listening(): readonly FailoverAttempt[] {
    return this.#committed === undefined ? this.#live : [this.#committed];
  }

  #tell(
    action: 'retry' | 'hedge' | GiveUpReason,
    attempt: number,
    delayMs: number,
    result: StatusObject | undefined,
  ): void {
    publishFailover(() => ({
      type: 'failover',
      path: this.#options.method_definition.path,
      action,
      attempt,
      delayMs,
      endpoint: this.#latest?.link.endpoint,
      status: result,
    }));
  }
}
