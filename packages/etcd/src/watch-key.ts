import { callSafely } from './call-safely.ts';
import type { EtcdError } from './errors.ts';
import { type EtcdClient, internalsOf } from './etcd-client.ts';
import { type RangeWatch, watchRange } from './watch.ts';

/** A key that is followed. */
export interface KeyWatch {
  /**
   * Calls `listener` with the value as soon as it is known, and at every change; `undefined` means that
   * the key does not exist. The first subscription starts the watch, the end of the last one stops it.
   * During an outage nothing is called but `onFailure`, and the last value stays in force.
   */
  subscribe(
    listener: (value: string | undefined, revision: number) => void,
    onFailure?: (error: EtcdError) => void,
  ): () => void;
  /** Ends all subscriptions. Safe to call twice. */
  close(): void;
}

/** Which key to follow. */
export interface WatchKeyOptions {
  readonly client: EtcdClient;
  readonly key: string;
}

interface Subscriber {
  readonly listener: (value: string | undefined, revision: number) => void;
  readonly onFailure: ((error: EtcdError) => void) | undefined;
}

/**
 * Follows one key: for settings and service configs. No change is missed in the end, but of several
 * in short order only the last may be seen.
 */
export function watchKey({ client, key }: WatchKeyOptions): KeyWatch {
  const part = internalsOf(client);
  if (typeof key !== 'string' || key === '') {
    throw new TypeError(`key must be a non-empty string, got ${JSON.stringify(key)}`);
  }
  const name = part.namespace + key;
  const subscribers = new Set<Subscriber>();
  let watch: RangeWatch | undefined;
  let disown: (() => void) | undefined;
  let known = false;
  let failure: EtcdError | undefined;

  const tell = ({ listener }: Subscriber): void => {
    listener(watch?.view.get(name)?.value.toString(), watch?.revision ?? 0);
  };
  const all = (call: (subscriber: Subscriber) => void): void => {
    for (const subscriber of Array.from(subscribers)) {
      if (subscribers.has(subscriber)) callSafely(() => call(subscriber));
    }
  };
  const start = (): RangeWatch => {
    disown = part.own(async () => close());
    return watchRange(
      part,
      { key: Buffer.from(name) },
      {
        onChange() {
          known = true;
          all(tell);
        },
        onContact() {
          failure = undefined;
        },
        onFailure(error) {
          failure = error;
          all(({ onFailure }) => onFailure?.(error));
        },
      },
    );
  };
  const stop = (): void => {
    watch?.close();
    watch = undefined;
    known = false;
    failure = undefined;
    disown?.();
  };
  const close = (): void => {
    subscribers.clear();
    stop();
  };

  return {
    subscribe(listener, onFailure) {
      internalsOf(client);
      const subscriber: Subscriber = { listener, onFailure };
      subscribers.add(subscriber);
      watch ??= start();
      const reason = failure;
      if (known) callSafely(() => tell(subscriber));
      else if (reason) callSafely(() => onFailure?.(reason));
      return () => {
        if (subscribers.delete(subscriber) && subscribers.size === 0) stop();
      };
    },
    close,
  };
}
