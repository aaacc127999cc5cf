/** A clock that moves only when told to, and runs the timers that fall due on the way. */
export interface FakeClock {
  /** Returns the time in milliseconds. Starts at 0 unless told otherwise. */
  now(): number;
  /** Moves time on by `ms`, running every timer that falls due, in order, at its own time. */
  advance(ms: number): void;
  /** Like `advance`, but lets promises settle before it starts and after each timer. */
  advanceAsync(ms: number): Promise<void>;
  /** Sets a timer; `cancel()` of the returned handle takes it back. */
  setTimeout(callback: () => void, ms: number): { cancel(): void };
  /** Resolves after `ms` of fake time; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Number of timers that are set. A state machine that was closed leaves 0. */
  readonly pendingTimers: number;
  /** Milliseconds until the next timer, `undefined` when none is set. */
  readonly nextTimerMs: number | undefined;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Creates a fake clock. Timers set for the same time run in the order in which they were set. */
export function createFakeClock(start = 0): FakeClock {
  let now = start;
  let order = 0;
  const timers = new Set<Timer>();

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  };

  /** Runs the next timer due at or before `until`; says whether there was one. */
  const runOne = (until: number): boolean => {
    const timer = next();
    if (!timer || timer.at > until) return false;
    timers.delete(timer);
    now = timer.at;
    timer.callback();
    return true;
  };

  const target = (ms: number): number => {
    if (!(ms >= 0)) throw new RangeError(`time moves forward only, got ${ms} ms`);
    return now + ms;
  };

  const clock: FakeClock = {
    now: () => now,
    advance(ms) {
      const until = target(ms);
      while (runOne(until));
      now = until;
    },
    async advanceAsync(ms) {
      const until = target(ms);
      do await settle();
      while (runOne(until));
      now = until;
    },
    setTimeout(callback, ms) {
      const timer: Timer = { at: now + Math.max(0, ms), order: order++, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = (): void => {
          timer.cancel();
          reject(signal?.reason);
        };
        const timer = clock.setTimeout(() => {
          signal?.removeEventListener('abort', abort);
          resolve();
        }, ms);
        signal?.addEventListener('abort', abort, { once: true });
      });
    },
    get pendingTimers() {
      return timers.size;
    },
    get nextTimerMs() {
      const timer = next();
      return timer && Math.max(0, timer.at - now);
    },
  };
  return clock;
}

/** Lets everything that waits on settled promises run: setImmediate comes after all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
