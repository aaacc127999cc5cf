import { isDeepStrictEqual } from 'node:util';
import type { Settings } from './settings.ts';
import type { ConfigWatch } from './watch-config.ts';

/** A part of live settings, or something made of them. */
export interface LiveValue<T> {
  /** Calls `listener` with the value, at once and whenever it has become another one. */
  subscribe(listener: (value: T) => void): () => void;
}

/**
 * Follows a part of live settings: for what should not be touched by changes of the rest, such as a
 * server's weight or an interceptor's options.
 */
export function liveValue<T>(watch: ConfigWatch, select: (settings: Settings) => T): LiveValue<T> {
  return {
    subscribe(listener) {
      let last: { readonly value: T } | undefined;
      return watch.subscribe(({ settings }) => {
        const value = select(settings);
        if (last !== undefined && isDeepStrictEqual(last.value, value)) return;
        last = { value };
        listener(value);
      });
    },
  };
}
