/**
 * A timer that does not count the time in which this process was blocked.
 *
 * Node.js runs timers before it reads what has arrived. When the event loop was blocked (a long
 * computation, a garbage collection, a machine that is busy) a plain timer would find that the time of
 * every attempt in flight is over, though their answers lie in the sockets: healthy endpoints would be
 * blamed and ejected, and all those calls sent again. So this one lets what has arrived be read first,
 * and then waits as long again as it was late, but not longer than its whole time: the request itself
 * may not have left before the block.
 */
export class PatientTimer {
  readonly #ms: number;
  readonly #action: () => void;
  readonly #dueAt: number;
  #timer: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  /** Does `action` after `ms`, in the turn of the event loop after that at the earliest. */
  constructor(ms: number, action: () => void) {
    this.#ms = ms;
    this.#action = action;
    this.#dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.#due(), ms);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #due(): void {
    const extraMs = Math.min(performance.now() - this.#dueAt, this.#ms);
    this.#immediate = setImmediate(() => {
      if (extraMs < 1) this.#action();
      else this.#timer = setTimeout(this.#action, extraMs);
    });
  }
}
