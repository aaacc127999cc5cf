/** Listeners of one subject. One that throws harms neither the others nor whoever tells them. */
export interface Listeners<T> {
  /** Adds a listener; the returned function removes it and is safe to call twice. */
  add(listener: (value: T) => void): () => void;
  /** Calls every listener that is present now. */
  tell(value: T): void;
  readonly size: number;
  clear(): void;
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
        if (entries.has(entry)) callSafely(() => entry.listener(value));
      }
    },
    get size() {
      return entries.size;
    },
    clear: () => entries.clear(),
  };
}

/** Calls foreign code. What it throws becomes a warning of the process, and changes nothing here. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`a listener threw: ${text}`, { code: 'WRR_LISTENER' });
  }
}
