import type { WatchedKey } from '@wrr/config';

/** A watched key in memory. */
export interface MemoryKey extends WatchedKey {
  put(value: string): void;
  delete(): void;
  readonly subscribers: number;
}

/** Creates a key that does not exist yet, and says so at once. */
export function memoryKey(): MemoryKey {
  const listeners = new Set<(value: string | undefined, revision: unknown) => void>();
  let value: string | undefined;
  let revision = 0;
  const change = (next: string | undefined) => {
    value = next;
    revision++;
    for (const listener of listeners) listener(value, BigInt(revision));
  };
  return {
    name: 'settings/client',
    put: change,
    delete: () => change(undefined),
    get subscribers() {
      return listeners.size;
    },
    source: {
      subscribe(listener) {
        listeners.add(listener);
        listener(value, BigInt(revision));
        return () => void listeners.delete(listener);
      },
    },
  };
}
