import type { InterceptingCallInterface, MessageContext } from './grpc.ts';

interface Sent {
  readonly context: MessageContext;
  readonly message: unknown;
}

const NONE: Sent[] = [];

/** What the caller has sent so far, kept for as long as another attempt may have to send it again. */
export class RequestBuffer {
  readonly #limit: number;
  /** Messages in memory. The first one's number is `#forgotten`. */
  #kept: Sent[] = NONE;
  #forgotten = 0;
  #isPinned = false;
  halfClosed = false;

  /** @param limit Messages to keep. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the attempt under way is the last that can send everything. */
  get isPinned(): boolean {
    return this.#isPinned;
  }

  /** Number of messages sent so far. */
  get length(): number {
    return this.#forgotten + this.#kept.length;
  }

  add(context: MessageContext, message: unknown): void {
    const sent = { context: callbackOnce(context), message };
    // Nearly always the only one: an array of one is an eighth of what `push` makes of an empty one.
    if (this.#kept === NONE) this.#kept = [sent];
    else this.#kept.push(sent);
    if (this.#kept.length > this.#limit) this.#isPinned = true;
  }

  at(number: number): Sent | undefined {
    return this.#kept[number - this.#forgotten];
  }

  /** There will be no other attempt: from now on messages are forgotten once they have been sent. */
  pin(): void {
    this.#isPinned = true;
  }

  /** Notes that everything before `number` was sent by the attempt under way. */
  passed(number: number): void {
    if (!this.#isPinned) return;
    this.#kept.splice(0, number - this.#forgotten);
    this.#forgotten = number;
  }
}

/**
 * Sends a buffer's messages over one attempt's call, from the beginning.
 *
 * Those of a stream one at a time: grpc-js keeps only the latest message while a call waits for its
 * connection, because its own streams never write the next one before the last one's callback. A
 * single message and the end after it go out at once, and so in one write.
 */
export class RequestFeed {
  readonly #buffer: RequestBuffer;
  readonly #call: InterceptingCallInterface;
  readonly #isStream: boolean;
  #next = 0;
  #isBusy = false;
  #isClosed = false;

  constructor(buffer: RequestBuffer, call: InterceptingCallInterface, isStream: boolean) {
    this.#buffer = buffer;
    this.#call = call;
    this.#isStream = isStream;
  }

  /** Sends what there is to send, now or when the message under way has been written. */
  advance(): void {
    while (!this.#isBusy) {
      const sent = this.#buffer.at(this.#next);
      if (sent === undefined) break;
      this.#isBusy = this.#isStream;
      this.#next++;
      this.#call.sendMessageWithContext(this.#contextOf(sent.context), sent.message);
    }
    if (this.#isBusy || this.#isClosed || !this.#buffer.halfClosed) return;
    if (this.#next < this.#buffer.length) return;
    this.#isClosed = true;
    this.#call.halfClose();
  }

  #contextOf(context: MessageContext): MessageContext {
    if (!this.#isStream) return context;
    const { callback, ...rest } = context;
    return { ...rest, callback: (error) => this.#written(callback, error) };
  }

  #written(callback: MessageContext['callback'], error?: Error | null): void {
    // The attempt has failed: its status says so, and the next one sends the message again.
    if (error !== undefined && error !== null) return;
    this.#isBusy = false;
    this.#buffer.passed(this.#next);
    callback?.();
    this.advance();
  }
}

/** The stream that the caller writes to waits for its callback, once, however often it is sent. */
function callbackOnce(context: MessageContext): MessageContext {
  if (context.callback === undefined) return context;
  const { callback, ...rest } = context;
  let called = false;
  return {
    ...rest,
    callback: () => {
      if (called) return;
      called = true;
      callback();
    },
  };
}
