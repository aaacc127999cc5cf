interface Event {
  readonly time: number;
  /** Number of events set before it. */
  readonly order: number;
  readonly action: () => void;
}

/** What is to happen in a simulation, by time; what is for the same moment, as it was set. A binary heap. */
export class Events {
  readonly #heap: Event[] = [];
  #set = 0;
  #now = 0;

  /** The time, in milliseconds. */
  get now(): number {
    return this.#now;
  }

  at(time: number, action: () => void): void {
    this.#rise({ time, order: this.#set++, action });
  }

  after(ms: number, action: () => void): void {
    this.at(this.#now + ms, action);
  }

  /** Lets everything up to `end` happen. */
  run(end: number): void {
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.time > end) break;
      const last = this.#heap.pop();
      if (last !== undefined && last !== next) this.#sink(last);
      this.#now = next.time;
      next.action();
    }
    this.#now = end;
  }

  #rise(event: Event): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above];
      // Of one moment, the one above was set earlier.
      if (other === undefined || other.time <= event.time) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = event;
  }

  /** Puts the event in the place of the first. */
  #sink(event: Event): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      let next = heap[below];
      if (next === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, next)) {
        next = right;
        below++;
      }
      if (!isBefore(next, event)) break;
      heap[place] = next;
      place = below;
    }
    heap[place] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
