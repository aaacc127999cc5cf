/** Listeners of one subject. One that throws harms neither the others nor whoever tells them. */
export interface Listeners<T> {
  /** Adds a listener; the returned function removes it and is safe to call twice. */
  add(listener: (value: T) => void): () => void;
  /** Calls every listener that is present now. */
  tell(value: T): void;
  /** Removes all of them. */
  clear(): void;
  /** Number of listeners. */
  readonly size: number;
}

/**
 * Creates an empty list of listeners.
 *
 * @param onThrow Told what a listener throws. Default: nobody.
 */
export function createListeners<T>(onThrow?: (error: unknown) => void): Listeners<T> {
  const entries = new Set<{ readonly listener: (value: T) => void }>();
  return {
    add(listener) {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    tell(value) {
      for (const entry of Array.from(entries)) {
        if (entries.has(entry)) callSafely(entry.listener, value, onThrow);
      }
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

/** Calls a listener; by contract, what it throws changes nothing for whoever calls it. */
export function callSafely<T>(
  listener: (value: T) => void,
  value: T,
  onThrow?: (error: unknown) => void,
): void {
  try {
    listener(value);
  } catch (error) {
    onThrow?.(error);
  }
}
