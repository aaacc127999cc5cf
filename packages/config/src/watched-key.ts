/** The values of a key in a key-value store, such as `watchKey` of `@wrr/etcd` gives. */
export interface KeySource {
  /**
   * Calls `listener` with the value now and at every change, `undefined` meaning that there is no such
   * key; and `onFailure` when the store cannot be reached. Returns the function that ends this.
   */
  subscribe(
    listener: (value: string | undefined, revision: unknown) => void,
    onFailure?: (error: Error) => void,
  ): () => void;
}

/** A key to watch. */
export interface WatchedKey {
  /** Its name, for messages. */
  readonly name: string;
  readonly source: KeySource;
}

/** How {@link subscribeKey} reports. */
export interface KeyOptions {
  readonly onValue: (value: string | undefined, revision: string) => void;
  /** Told that the key cannot be seen, once for each reason. */
  readonly onSilence: (reason: string) => void;
  readonly timeoutMs: number;
}

/** Subscribes to a key; `first` resolves with its first value, or without one after `timeoutMs`. */
export function subscribeKey(
  { source }: WatchedKey,
  { onValue, onSilence, timeoutMs }: KeyOptions,
): { readonly first: Promise<void>; close(): void } {
  let heard: (() => void) | undefined;
  let reason: string | undefined;
  const silence = (text: string) => {
    if (text !== reason) onSilence(text);
    reason = text;
  };
  const timer = setTimeout(() => {
    silence(`not heard of within ${timeoutMs} ms: going on without it`);
    heard?.();
  }, timeoutMs);
  const first = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const unsubscribe = source.subscribe(
    (value, revision) => {
      clearTimeout(timer);
      reason = undefined;
      onValue(value, String(revision));
      heard?.();
    },
    ({ message }) => silence(message),
  );
  return {
    first,
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
