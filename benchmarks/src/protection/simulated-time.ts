interface Timer {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
  cancelled: boolean;
}

/**
 * A clock whose time is the time of the event that is being handled, with the timers that core asks
 * its caller for. Events of one moment are handled in the order in which they were set.
 */
export class SimulatedTime {
  #now = 0;
  #order = 0;
  /** A binary heap: the first timer is the next. */
  readonly #heap: Timer[] = [];

  now(): number {
    return this.#now;
  }

  /** Does `action` after `ms`. The returned function takes it back. */
  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, action, cancelled: false };
    this.#push(timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** What `runWithFailover` wants: resolves after `ms`, lets go of its timer when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.after(ms, resolve);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Handles all events up to `until`. Promises settle before the next event is handled. */
  async run(until: number): Promise<void> {
    for (;;) {
      const timer = this.#heap[0];
      if (timer === undefined || timer.at > until) break;
      this.#pop();
      if (timer.cancelled) continue;
      this.#now = timer.at;
      timer.action();
      await new Promise(setImmediate);
    }
    this.#now = until;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(timer);
    while (hole > 0) {
      const up = (hole - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[hole] = parent;
      hole = up;
    }
    heap[hole] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      const right = left + 1;
      const l = heap[left];
      const r = heap[right];
      if (l === undefined) break;
      const [child, at] = r !== undefined && isBefore(r, l) ? [r, right] : [l, left];
      if (!isBefore(child, last)) break;
      heap[hole] = child;
      hole = at;
    }
    heap[hole] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
