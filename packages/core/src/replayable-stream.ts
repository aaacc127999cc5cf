/**
 * A stream of messages that can be read again from its beginning, as long as it was short: what a call
 * with a stream of requests needs in order to be sent to another endpoint.
 *
 * What was pulled from the source is kept, up to a limit. Beyond it only the latest message is: the
 * stream can then be read on, but not again. It pulls when a reader asks, never ahead. The reader of
 * an abandoned attempt may still be waiting for a message; it and its successor wait for the same one,
 * so that none is lost.
 */
export interface ReplayableStream<T> extends AsyncIterable<T> {
  /** Whether a new reader would get every message. */
  readonly replayable: boolean;
  /** Ends the source, if it can be ended. To be called when the call has ended. */
  close(): void;
}

/** Makes a stream replayable, up to `limit` messages: an integer from 0. */
export function createReplayableStream<T>(
  source: AsyncIterable<T>,
  limit: number,
): ReplayableStream<T> {
  return new KeptStream(source, limit);
}

class KeptStream<T> implements ReplayableStream<T> {
  readonly #source: AsyncIterator<T>;
  readonly #limit: number;
  /** Messages in memory. The first one's number is `#forgotten`. */
  readonly #kept: T[] = [];
  #forgotten = 0;
  #pulling: Promise<void> | undefined;
  #done = false;

  constructor(source: AsyncIterable<T>, limit: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  get replayable(): boolean {
    return this.#forgotten === 0 && this.#kept.length <= this.#limit;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let number = 0; ; number++) {
      while (!this.#done && number >= this.#forgotten + this.#kept.length) {
        this.#pulling ??= this.#pull();
        await this.#pulling;
      }
      const index = number - this.#forgotten;
      // Past the end, or abandoned so long ago that its next message is forgotten.
      if (index < 0 || index >= this.#kept.length) return;
      yield* this.#kept.slice(index, index + 1);
    }
  }

  close(): void {
    // Not awaited: a generator that waits for its next message ends only when that has come.
    Promise.resolve(this.#source.return?.()).catch(() => undefined);
  }

  async #pull(): Promise<void> {
    try {
      const { done = false, value } = await this.#source.next();
      if (done) this.#done = true;
      else this.#kept.push(value);
      if (this.#kept.length > Math.max(1, this.#limit)) {
        this.#kept.shift();
        this.#forgotten++;
      }
    } finally {
      this.#pulling = undefined;
    }
  }
}
