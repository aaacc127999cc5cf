/** Listeners of one subject. One that throws harms neither the others nor whoever tells them. */
export interface Listeners<T> {
  add(listener: (value: T) => void): () => void;
  tell(value: T): void;
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
      for (const { listener } of Array.from(entries)) callSafely(listener, value);
    },
    clear: () => entries.clear(),
  };
}

/** Calls a listener; what it throws becomes a process warning, since nobody else would see it. */
export function callSafely<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    process.emitWarning(`a settings listener threw: ${String(error)}`, { code: 'WRR_LISTENER' });
  }
}
