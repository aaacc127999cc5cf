import { backoffMs } from '@wrr/core';
import { type ClientReadableStream, type Grpc, type SubchannelInterface, status } from './grpc.ts';

/** What a server says of itself; `unknown` until it has said something. */
export type Health = 'unknown' | 'serving' | 'not-serving';

/** What a watch works with. */
export interface HealthWatchOptions {
  readonly grpc: Grpc;
  /** A connection that is established. */
  readonly subchannel: SubchannelInterface;
  /** The service to ask for; empty for the server as a whole. */
  readonly service: string;
  readonly onHealth: (health: Health) => void;
}

const WATCH = '/grpc.health.v1.Health/Watch';
const SERVING = 1;
const BACKOFF = { initialMs: 1_000, maxMs: 30_000, multiplier: 1.6, jitter: 0.2 };

/**
 * Watches a server's health over one of its connections (`grpc.health.v1.Health/Watch`, gRFC A17),
 * until it is closed. A server without the service counts as serving. A stream that breaks is opened
 * again: at once if it had said something, else with growing pauses, during which the server counts as
 * not serving.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #stream: ClientReadableStream<number> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#open();
  }

  /** Ends the stream. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stream?.cancel();
  }

  #open(): void {
    const { grpc, subchannel, service, onHealth } = this.#options;
    const client = new grpc.Client('unused', grpc.credentials.createInsecure(), {
      channelOverride: subchannel.getChannel(),
    });
    let hasSpoken = false;
    const stream = client.makeServerStreamRequest(WATCH, encodeRequest, decodeResponse, service);
    this.#stream = stream;
    stream.on('metadata', () => {
      // A stream that was cancelled while it was starting up starts all the same.
      if (this.#isClosed) stream.cancel();
    });
    stream.on('data', (state: number) => {
      if (this.#isClosed) return;
      hasSpoken = true;
      this.#failures = 0;
      onHealth(state === SERVING ? 'serving' : 'not-serving');
    });
    stream.on('error', () => {}); // the status says it all
    stream.on('status', ({ code }) => {
      if (this.#isClosed) return;
      if (code === status.UNIMPLEMENTED) onHealth('serving');
      else this.#reopen(hasSpoken);
    });
  }

  #reopen(hasSpoken: boolean): void {
    if (!hasSpoken) this.#options.onHealth('not-serving');
    const pause = hasSpoken ? 0 : backoffMs(++this.#failures, Math.random(), BACKOFF);
    this.#timer = setTimeout(() => this.#open(), pause).unref();
  }
}

/** HealthCheckRequest { string service = 1; } */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x0a]), encodeVarint(name.length), name]);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

/** HealthCheckResponse { ServingStatus status = 1; }, of which 0 is left out on the wire. */
function decodeResponse(bytes: Buffer): number {
  return bytes.length >= 2 && bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}
