import { checkWeight, createListeners, type Registration } from '@wrr/core';
import { warnOfThrow } from './call-safely.ts';
import { EtcdError, type EtcdErrorReason } from './errors.ts';
import { internalsOf } from './etcd-client.ts';
import { type Entry, maintainEntry } from './registration-loop.ts';
import {
  type CheckedRegistration,
  checkRegistrationOptions,
  type EtcdRegistrationOptions,
} from './registration-options.ts';
import { publish, type RegistrationEvent } from './registry-events.ts';
import { pause, type Timers } from './timers.ts';

/** A server's entry in etcd. Comes back by itself whatever happens to etcd, until it is closed. */
export interface EtcdRegistration extends Registration {
  /** The weight that is wanted; `setWeight` and `drain` change it at once. */
  readonly weight: number;
  /**
   * `registered`: the key is in etcd under our lease, as far as is known. `failing`: that is being
   * brought about. `superseded`: another process has the key; ours stands by.
   */
  readonly state: 'registered' | 'failing' | 'superseded' | 'closed';
  /**
   * Stores another weight. Of several calls in a row the last one counts. Rejects with an EtcdError
   * when it is not stored within the client's `requestTimeoutMs`, or if etcd refuses; it stays wanted
   * and is stored as soon as that is possible.
   */
  setWeight(weight: number): Promise<void>;
  /** Calls `listener` with every event; the returned function ends that. */
  subscribe(listener: (event: RegistrationEvent) => void): () => void;
}

/**
 * Registers a server and resolves when its key is stored under a live lease.
 *
 * From then on the entry is maintained until `close()`: kept alive through crashes, hung members and
 * loss of etcd's data; written again when its lease has ended or its key was deleted or overwritten
 * (at most once a second). The last registration of an address wins; an earlier one stands by.
 *
 * @throws {TypeError | RangeError} naming a wrong option; {@link EtcdError} when it cannot be stored.
 */
export async function registerEndpoint(
  options: EtcdRegistrationOptions,
): Promise<EtcdRegistration> {
  const checked = checkRegistrationOptions(options);
  const client = internalsOf(options.client);
  const { service, address } = checked;
  const listeners = createListeners<RegistrationEvent>(warnOfThrow);

  const entry = maintainEntry(client, checked, (event) => {
    const full: RegistrationEvent = { service, address, ...event };
    publish(full);
    listeners.tell(full);
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= entry.close().finally(disown);
    return closing;
  };
  const disown = client.own(close);

  try {
    await firstStored(entry, client.timers, checked, options.signal);
  } catch (error) {
    void close();
    throw error;
  }

  return {
    service,
    address,
    get weight() {
      return entry.weight;
    },
    get state() {
      return entry.state;
    },
    async setWeight(weight) {
      checkWeight(address, weight);
      await entry.store(weight, client.requestTimeoutMs);
    },
    async drain({ graceMs = 1_000 } = {}) {
      if (!(graceMs >= 0)) throw new RangeError(`graceMs must be >= 0, got ${String(graceMs)}`);
      if (closing) return closing;
      // Clients that cannot be told in time find out when the entry goes.
      await entry.store(0, client.requestTimeoutMs).catch(() => {});
      await pause(client.timers, graceMs, entry.closed);
      await close();
    },
    close,
    subscribe: (listener) => listeners.add(listener),
  };
}

/** Waits for the first write, as long as the options allow. */
function firstStored(
  entry: Entry,
  timers: Timers,
  { waitForReady, timeoutMs }: CheckedRegistration,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: EtcdError | undefined;
    const end = (settle: () => void): void => {
      stop();
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(() => reject(signal?.reason));
    const stop = entry.attempts.add((error) => {
      last = error;
      if (!error) end(resolve);
      else if (!waitForReady || HOPELESS.has(error.reason)) end(() => reject(error));
    });
    // setTimeout takes no more than 2^31 - 1 ms; beyond that a bound is none.
    const bounded = waitForReady && timeoutMs < 2 ** 31;
    const timer = bounded ? timers.setTimeout(onTimeout, timeoutMs) : undefined;
    function onTimeout(): void {
      const message = `not registered within ${timeoutMs} ms: ${last?.message ?? 'no answer yet'}`;
      end(() => reject(new EtcdError('timeout', message, { cause: last })));
    }
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** What no waiting mends. */
const HOPELESS: ReadonlySet<EtcdErrorReason> = new Set(['authentication', 'permission', 'closed']);
