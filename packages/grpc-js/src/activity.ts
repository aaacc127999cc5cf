/**
 * Notices when a channel has had no calls for a while, and when it has some again. Its timer does not
 * keep the process alive.
 */
export class Activity {
  readonly #onIdle: () => void;
  readonly #onActive: () => void;
  readonly #timer: NodeJS.Timeout;
  #touched = true;
  #isIdle = false;

  /** @param idleMs Idle is noticed after this time at the earliest, and twice this time at the latest. */
  constructor(idleMs: number, onIdle: () => void, onActive: () => void) {
    this.#onIdle = onIdle;
    this.#onActive = onActive;
    this.#timer = setInterval(() => this.#tick(), idleMs).unref();
  }

  /** Says that there is a call. O(1). */
  touch(): void {
    this.#touched = true;
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#onActive();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (!this.#touched && !this.#isIdle) {
      this.#isIdle = true;
      this.#onIdle();
    }
    this.#touched = false;
  }
}
