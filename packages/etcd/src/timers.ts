import { clearTimeout as clearNodeTimeout, setTimeout as setNodeTimeout } from 'node:timers';

/** Time and chance, as everything in this package takes them; tests pass fake ones. */
export interface Timers {
  /** Monotonic milliseconds. */
  now(): number;
  setTimeout(callback: () => void, ms: number): { cancel(): void };
  /** Uniform in [0, 1). */
  random(): number;
}

/** The timers of Node.js. They keep the process alive: whoever sets one cancels it when it closes. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  setTimeout(callback, ms) {
    const handle = setNodeTimeout(callback, ms);
    return { cancel: () => clearNodeTimeout(handle) };
  },
  random: Math.random,
};

/** Resolves after `ms`, or at once when `signal` aborts: who waited looks at the signal then. */
export function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = timers.setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Resolves when `work` has ended, well or badly, and after `ms` at the latest. */
export function settled(timers: Timers, work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = timers.setTimeout(resolve, ms);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(done, done);
  });
}

/** Waits that double from `minMs` to `maxMs`, each drawn from its upper half so that crowds spread. */
export interface Backoff {
  next(): number;
  reset(): void;
}

/** Creates a backoff; the first wait is up to `minMs`, possibly nothing. */
export function createBackoff(timers: Timers, minMs: number, maxMs: number): Backoff {
  let step = 0;
  return {
    next() {
      const ceiling = Math.min(maxMs, minMs * 2 ** step);
      const floor = step === 0 ? 0 : ceiling / 2;
      if (ceiling < maxMs) step++;
      return floor + (ceiling - floor) * timers.random();
    },
    reset() {
      step = 0;
    },
  };
}

/** Lets one loop sleep until there is something to do. */
export interface Wake {
  /** Ends the current wait, or the next one at once. */
  now(): void;
  /** Resolves after `now()`, or when the signal aborts. */
  wait(): Promise<void>;
}

/** Creates a wake for a loop that ends with `signal`. */
export function createWake(signal: AbortSignal): Wake {
  let called = false;
  let resume: (() => void) | undefined;
  const now = (): void => {
    called = true;
    resume?.();
  };
  signal.addEventListener('abort', now, { once: true });
  return {
    now,
    async wait() {
      if (!called) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      called = false;
      resume = undefined;
    },
  };
}
