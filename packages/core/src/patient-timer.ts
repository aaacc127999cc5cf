import type { Clock } from './clock.ts';

/** The platform's timers, and the clock they go by: `performance`, `setTimeout` and `clearTimeout`. */
export interface Timers<T> extends Clock {
  /** Does `action` after `ms` or later. */
  set(action: () => void, ms: number): T;
  /** Makes it not happen, if it has not yet. */
  clear(timer: T): void;
}

/**
 * A timer that does not count the time in which the process was blocked.
 *
 * Event loops run timers before they read what has arrived. When the loop was blocked (a long
 * computation, a garbage collection, a machine that is busy) a plain timer would find that the time of
 * every attempt in flight is over, though their answers lie in the sockets: healthy endpoints would be
 * blamed and ejected, and all those calls sent again. So this one lets what has arrived be read first,
 * and then waits as long again as it was late, but not longer than its whole time: the request itself
 * may not have left before the block.
 */
export class PatientTimer<T> {
  readonly #timers: Timers<T>;
  readonly #ms: number;
  readonly #action: () => void;
  readonly #dueAt: number;
  #timer: T;

  /** Does `action` after `ms`, in the turn of the event loop after that at the earliest. */
  constructor(timers: Timers<T>, ms: number, action: () => void) {
    this.#timers = timers;
    this.#ms = ms;
    this.#action = action;
    this.#dueAt = timers.now() + ms;
    this.#timer = timers.set(this.#due, ms);
  }

  /** Makes the action not happen, if it has not yet. */
  cancel(): void {
    this.#timers.clear(this.#timer);
  }

  readonly #due = (): void => {
    const extraMs = patienceMs(this.#timers, this.#dueAt, this.#ms);
    this.#timer = this.#timers.set(this.#action, extraMs);
  };
}

/** How long a timer of `ms` that was due at `dueAt` waits on: as long as it is late, but at most `ms`. */
export function patienceMs(clock: Clock, dueAt: number, ms: number): number {
  return Math.max(0, Math.min(clock.now() - dueAt, ms));
}
