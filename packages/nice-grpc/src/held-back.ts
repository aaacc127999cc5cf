import { type AttemptLink, REFUSED_KEY } from '@wrr/core';
import type { CallOptions, Metadata } from 'nice-grpc-common';

/**
 * What one attempt has received so far, held back from the caller until the attempt is the one that
 * counts.
 */
export class HeldBack {
  /** Whether the attempt is the one that counts: there is no going back. */
  committed = false;
  readonly #caller: CallOptions;
  readonly #link: AttemptLink;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;

  constructor(caller: CallOptions, link: AttemptLink) {
    this.#caller = caller;
    this.#link = link;
  }

  /** Listens for the header, which is a sign of life and may make it the attempt that counts. */
  listenForHeader(options: CallOptions, commits: boolean, onSign?: () => void): void {
    options.onHeader = (header) => {
      onSign?.();
      if (commits) this.commit();
      if (this.committed) this.#caller.onHeader?.(header);
      else this.#header = header;
    };
  }

  listenForTrailer(options: CallOptions): void {
    options.onTrailer = (trailer) => {
      this.#trailer = trailer;
      if (this.committed) this.#caller.onTrailer?.(trailer);
    };
  }

  /** What the server said on retries, if it did. */
  get pushback(): string | undefined {
    return this.#link.pushback ?? this.#trailer?.get('grpc-retry-pushback-ms');
  }

  /** Whether the policy refused to pick an endpoint. */
  get refused(): boolean {
    return this.#link.refused || this.#trailer?.has(REFUSED_KEY) === true;
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
}
