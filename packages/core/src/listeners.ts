/** Listeners of one subject. One that throws harms neither the others nor whoever tells them. */
export interface Listeners<T> {
  /** Adds a listener; the returned function removes it and is safe to call twice. */
  add(listener: (value: T) => void): () => void;
  /** Calls every listener that is present now. */
  tell(value: T): void;
  /** Number of listeners. */
  readonly size: number;
}

/** Creates an empty list of listeners. */
export function createListeners<T>(): Listeners<T> {
  const entries = new Set<{ readonly listener: (value: T) => void }>();
  return {
    add(listener) {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    tell(value) {
      for (const entry of Array.from(entries)) {
        if (entries.has(entry)) callSafely(entry.listener, value);
      }
    },
    get size() {
      return entries.size;
    },
  };
}

/** Calls a listener and swallows what it throws: a listener must not change what it listens to. */
export function callSafely<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch {
    // By contract (events): a throwing listener changes nothing.
  }
}
