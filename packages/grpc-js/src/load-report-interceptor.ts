import { encodeLoadReport, LOAD_KEY } from '@wrr/core';
import {
  asServerInterceptor,
  createMetadata,
  type InterceptingServerListener,
  type Metadata,
  type PartialStatusObject,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from './grpc.ts';

/** Values for so many requests in flight are made once. */
const KEPT = 1_024;

/**
 * Makes an interceptor for a grpc-js server that tells clients how busy the server is: the number of
 * other requests in flight, in the trailer `wrr-load-bin` of every call that succeeds. Clients with
 * adaptive dispatch send the next calls elsewhere when that is more than usual; others see one more
 * trailer of a few bytes.
 *
 * `new Server({ interceptors: [loadReportInterceptor()] })`. Use one for all services of a server. It
 * costs one object a call.
 */
export function loadReportInterceptor(): ServerInterceptor {
  const load = new ServerLoad();
  return asServerInterceptor((call) => new ReportingCall(call, load));
}

/** Counts the requests in flight. */
class ServerLoad {
  inFlight = 0;
  readonly #kept: Buffer[] = [];

  report(): Buffer {
    const { inFlight } = this;
    if (inFlight >= KEPT) return Buffer.from(encodeLoadReport({ inFlight }));
    this.#kept[inFlight] ??= Buffer.from(encodeLoadReport({ inFlight }));
    return this.#kept[inFlight];
  }
}

/** A call, and its own listener: all passes through, but the end is counted and the status extended. */
class ReportingCall implements ServerInterceptingCallInterface, InterceptingServerListener {
  readonly #call: ServerInterceptingCallInterface;
  readonly #load: ServerLoad;
  #listener: InterceptingServerListener | undefined;
  #isOver = false;

  constructor(call: ServerInterceptingCallInterface, load: ServerLoad) {
    this.#call = call;
    this.#load = load;
  }

  start(listener: InterceptingServerListener): void {
    this.#listener = listener;
    this.#load.inFlight++;
    this.#call.start(this);
  }

  sendStatus(result: PartialStatusObject): void {
    this.#end();
    if (result.code !== status.OK) {
      this.#call.sendStatus(result);
      return;
    }
    // A new one: the application may send the same metadata with every call.
    const metadata = result.metadata?.clone() ?? createMetadata();
    metadata.set(LOAD_KEY, this.#load.report());
    this.#call.sendStatus({ ...result, metadata });
  }

  /** Comes when the stream is closed, for whatever reason; after a status, too. */
  onCancel(): void {
    this.#end();
    this.#listener?.onCancel();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#load.inFlight--;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#listener?.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    this.#listener?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#listener?.onReceiveHalfClose();
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.sendMetadata(metadata);
  }

  sendMessage(message: unknown, callback: () => void): void {
    this.#call.sendMessage(message, callback);
  }

  startRead(): void {
    this.#call.startRead();
  }

  getPeer(): string {
    return this.#call.getPeer();
  }

  getDeadline(): ReturnType<ServerInterceptingCallInterface['getDeadline']> {
    return this.#call.getDeadline();
  }

  getHost(): string {
    return this.#call.getHost();
  }

  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']> {
    return this.#call.getAuthContext();
  }

  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface['getConnectionInfo']> {
    return this.#call.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']> {
    return this.#call.getMetricsRecorder();
  }
}
