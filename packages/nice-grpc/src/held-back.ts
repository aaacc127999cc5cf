import { type AttemptLink, REFUSED_KEY } from '@wrr/core';
import type { CallOptions, Metadata } from 'nice-grpc-common';

/** What the header of a response does: nothing, stop the attempt's clock, or that and commit. */
export type HeaderRule = 'stops-clock' | 'commits' | undefined;

/**
 * What one attempt has received so far, held back from the caller until the attempt is the one that
 * counts.
 *
 * nice-grpc converts headers and trailers for whoever listens, so it listens for no more than it needs:
 * where a picker has taken the link, that says what a trailer would.
 */
export class HeldBack {
  readonly callbacks: Pick<CallOptions, 'onHeader' | 'onTrailer'>;
  /** Whether the attempt is the one that counts: there is no going back. */
  committed = false;
  readonly #caller: CallOptions;
  readonly #link: AttemptLink;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;

  /** `isLinked`: a picker is expected to take the link. */
  constructor(
    caller: CallOptions,
    link: AttemptLink,
    isLinked: boolean,
    rule: HeaderRule,
    onFirstSign: () => void,
  ) {
    this.#caller = caller;
    this.#link = link;
    this.callbacks = {};
    if (!isLinked || caller.onTrailer !== undefined) {
      this.callbacks.onTrailer = (trailer) => {
        this.#trailer = trailer;
        if (this.committed) caller.onTrailer?.(trailer);
      };
    }
    if (rule === undefined && caller.onHeader === undefined) return;
    this.callbacks.onHeader = (header) => {
      if (rule !== undefined) onFirstSign();
      if (rule === 'commits') this.commit();
      if (this.committed) caller.onHeader?.(header);
      else this.#header = header;
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
