import { EtcdError } from './errors.ts';
import type { Timers } from './timers.ts';

/** Those who wait for a write. A write settles all who came before it began. */
export interface Waiters {
  /** Waits for a write that begins from now on; rejects after `timeoutMs`. */
  wait(timeoutMs: number, what: string): Promise<void>;
  /** Says where a write begins. */
  ticket(): number;
  /** A write that began at `ticket` has succeeded. */
  resolve(ticket: number): void;
  /** No write will succeed soon. */
  reject(error: EtcdError): void;
  /** No write will succeed ever: later ones are rejected too. */
  close(error: EtcdError): void;
}

interface Waiter {
  readonly order: number;
  settle(error?: EtcdError): void;
}

/** Creates an empty list. */
export function createWaiters(timers: Timers): Waiters {
  const waiting = new Set<Waiter>();
  let order = 0;
  let closed: EtcdError | undefined;

  const settle = (which: (waiter: Waiter) => boolean, error?: EtcdError): void => {
    for (const waiter of Array.from(waiting)) if (which(waiter)) waiter.settle(error);
  };

  return {
    wait(timeoutMs, what) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        const waiter: Waiter = {
          order: ++order,
          settle(error) {
            waiting.delete(waiter);
            timer.cancel();
            if (error) reject(error);
            else resolve();
          },
        };
        const timer = timers.setTimeout(() => {
          const message = `${what} was not stored within ${timeoutMs} ms; still being tried`;
          waiter.settle(new EtcdError('timeout', message));
        }, timeoutMs);
        waiting.add(waiter);
      });
    },
    ticket: () => order,
    resolve: (ticket) => settle((waiter) => waiter.order <= ticket),
    reject: (error) => settle(() => true, error),
    close(error) {
      closed = error;
      settle(() => true, error);
    },
  };
}
