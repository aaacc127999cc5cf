/** Failures stop adding up here, in calls. */
const MOST = 32;

/**
 * Load that is not there: calls that failures add to their endpoint, fading within seconds.
 *
 * A server that fails fast looks idle, and whoever sends calls to the least loaded feeds it all of
 * them. With phantom load each failure makes it look busier, by more than the call that has just left.
 */
export class PhantomLoad {
  #calls = 0;
  #at = 0;

  /** Whether there has been no failure yet: the usual case, in short. */
  get isNone(): boolean {
    return this.#calls === 0;
  }

  /** Calls at `now`: falls in a straight line to 0 over `fadeMs` after the last failure. */
  at(now: number, fadeMs: number): number {
    if (this.#calls === 0) return 0;
    const age = Math.max(0, now - this.#at);
    return age >= fadeMs ? 0 : this.#calls * (1 - age / fadeMs);
  }

  /** Adds a failure: `penalty` calls, but at least the one that has just left. */
  add(now: number, fadeMs: number, penalty: number): void {
    const calls = this.at(now, fadeMs);
    this.#calls = Math.max(Math.min(MOST, calls + penalty), calls + 1);
    this.#at = now;
  }
}
