import { type CallGuards, CircuitOpenError, type Outcome, REFUSED_KEY } from '@wrr/core';
import { deadlineOf } from './deadline.ts';
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

/**
 * A call that its method's guard lets through or refuses. A refused one never reaches the channel, and
 * fails in the next turn of the event loop.
 */
export class GuardedCall implements InterceptingCallInterface {
  readonly #options: InterceptorOptions;
  readonly #nextCall: NextCall;
  readonly #guards: CallGuards;
  readonly #outcomeOf: (result: StatusObject) => Outcome;
  #inner: InterceptingCallInterface | undefined;

  constructor(
    options: InterceptorOptions,
    nextCall: NextCall,
    guards: CallGuards,
    outcomeOf: (result: StatusObject) => Outcome,
  ) {
    this.#options = options;
    this.#nextCall = nextCall;
    this.#guards = guards;
    this.#outcomeOf = outcomeOf;
  }

  start(metadata: Metadata, listener: Partial<InterceptingListener> = {}): void {
    const startedAt = performance.now();
    const { path } = this.#options.method_definition;
    const permit = this.#guards(path, startedAt, deadlineOf(this.#options, startedAt));
    if (!permit.granted) {
      refuse(listener, new CircuitOpenError(path, permit.reason, permit.retryAfterMs));
      return;
    }
    const settle = (outcome: Outcome): void => {
      const now = performance.now();
      permit.settle(now, outcome, this.#streams ? 0 : now - startedAt);
    };
    try {
      this.#inner = this.#nextCall(this.#options);
      this.#inner.start(metadata, {
        onReceiveMetadata: (received) => listener.onReceiveMetadata?.(received),
        onReceiveMessage: (message) => listener.onReceiveMessage?.(message),
        onReceiveStatus: (result) => {
          settle(this.#outcomeOf(result));
          listener.onReceiveStatus?.(result);
        },
      });
    } catch (error) {
      settle('ignored'); // nothing was sent: the channel is closed
      throw error;
    }
  }

  sendMessage(message: unknown): void {
    this.#inner?.sendMessage(message);
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    this.#inner?.sendMessageWithContext(context, message);
  }

  startRead(): void {
    this.#inner?.startRead();
  }

  halfClose(): void {
    this.#inner?.halfClose();
  }

  cancelWithStatus(code: StatusCode, details: string): void {
    this.#inner?.cancelWithStatus(code, details);
  }

  getPeer(): string {
    return this.#inner?.getPeer() ?? 'unknown';
  }

  getAuthContext(): ReturnType<InterceptingCallInterface['getAuthContext']> {
    return this.#inner?.getAuthContext() ?? null;
  }

  /** How long a stream lasts says nothing about its server. */
  get #streams(): boolean {
    const { requestStream, responseStream } = this.#options.method_definition;
    return requestStream || responseStream;
  }
}

function refuse(listener: Partial<InterceptingListener>, error: CircuitOpenError): void {
  const metadata = createMetadata();
  metadata.set(REFUSED_KEY, 'circuit-open');
  const result = { code: status.UNAVAILABLE, details: error.message, metadata };
  setImmediate(() => listener.onReceiveStatus?.(result));
}
