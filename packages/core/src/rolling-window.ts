/** Number of buckets a window is cut into unless it is said otherwise. */
export const WINDOW_BUCKETS = 10;

/** Plain data of a {@link RollingWindow}. */
export interface RollingWindowJson {
  /** Length of a bucket. */
  readonly bucketMs: number;
  /** Number of the newest bucket: its time divided by `bucketMs`. */
  readonly slot: number;
  /** Calls, failures and slow calls of every bucket, oldest bucket first. */
  readonly buckets: readonly number[];
}

/** Numbers of each bucket in the plain data. */
export const WINDOW_FIELDS = 3;

/** Before any bucket of a clock that one meets; small, so that engines keep the field an integer. */
const NO_SLOT = -(2 ** 30);

/**
 * Counts calls, failures and, if asked to, slow calls of the last `windowMs`, in buckets on a fixed
 * grid that begins at time 0: what is older than the window is never counted, what is younger than
 * the window less one bucket always is.
 *
 * O(1) per call and no allocation: the sums are kept, and a bucket leaves them when its time is over.
 * However long the silence, one `roll` clears all that has expired (a window that drops one bucket
 * per call remembers failures of an hour ago). Ten buckets take about 300 bytes: one small array, for
 * a typed one costs 200 bytes before its first element.
 */
export class RollingWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #buckets: number;
  #bucketMs: number;
  /** Numbers of each bucket: 3 with slow calls, 2 without. */
  #width: number;
  #ring: number[];
  #head = 0;
  #slot = NO_SLOT;

  /** Starts empty, or with another window's counts, their times shifted by `shiftMs`. */
  constructor(
    windowMs: number,
    buckets: number,
    countSlow = false,
    json?: RollingWindowJson,
    shiftMs = 0,
  ) {
    this.#buckets = buckets;
    this.#bucketMs = windowMs / buckets;
    this.#width = countSlow ? WINDOW_FIELDS : WINDOW_FIELDS - 1;
    this.#ring = zeros(buckets * this.#width);
    if (json !== undefined) this.#load(json, shiftMs);
  }

  /** Forgets what has left the window at `now`, which must not decrease between calls. */
  roll(now: number): void {
    const slot = Math.floor(now / this.#bucketMs);
    if (slot !== this.#slot) this.#advance(slot);
  }

  /** Counts one call at `now`. */
  add(now: number, failed: boolean, slow: boolean): void {
    this.roll(now);
    this.#count(1, failed ? 1 : 0, slow ? 1 : 0);
  }

  /** Forgets everything. */
  clear(): void {
    this.#ring.fill(0);
    this.calls = 0;
    this.failures = 0;
    this.slow = 0;
  }

  /** Changes the length of the window, and what it counts; keeps what is still within it. */
  reshape(windowMs: number, countSlow: boolean): void {
    const json = this.toJSON();
    this.#bucketMs = windowMs / this.#buckets;
    this.#width = countSlow ? WINDOW_FIELDS : WINDOW_FIELDS - 1;
    this.#ring = zeros(this.#buckets * this.#width);
    this.#load(json, 0);
  }

  toJSON(): RollingWindowJson {
    const buckets: number[] = [];
    for (let i = 1; i <= this.#buckets; i++) {
      const at = (this.#head + i * this.#width) % this.#ring.length;
      const [calls = 0, failures = 0, slow = 0] = this.#ring.slice(at, at + this.#width);
      buckets.push(calls, failures, slow);
    }
    return { bucketMs: this.#bucketMs, slot: this.#slot, buckets };
  }

  #load({ bucketMs, slot, buckets }: RollingWindowJson, shiftMs: number): void {
    this.clear();
    this.#slot = NO_SLOT;
    const sameGrid = bucketMs === this.#bucketMs && shiftMs === 0;
    for (let i = 0; i < this.#buckets; i++) {
      const from = slot + 1 - this.#buckets + i;
      // On another grid, every call of a bucket counts as made when the bucket began.
      this.#advance(sameGrid ? from : Math.floor((from * bucketMs + shiftMs) / this.#bucketMs));
      const at = i * WINDOW_FIELDS;
      this.#count(buckets[at] ?? 0, buckets[at + 1] ?? 0, buckets[at + 2] ?? 0);
    }
  }

  #advance(slot: number): void {
    for (let steps = Math.min(slot - this.#slot, this.#buckets); steps > 0; steps--) {
      this.#head = (this.#head + this.#width) % this.#ring.length;
      this.calls -= this.#take(this.#head);
      this.failures -= this.#take(this.#head + 1);
      if (this.#width === WINDOW_FIELDS) this.slow -= this.#take(this.#head + 2);
    }
    this.#slot = slot;
  }

  #count(calls: number, failures: number, slow: number): void {
    const ring = this.#ring;
    const head = this.#head;
    ring[head] = (ring[head] ?? 0) + calls;
    ring[head + 1] = (ring[head + 1] ?? 0) + failures;
    this.calls += calls;
    this.failures += failures;
    if (this.#width < WINDOW_FIELDS) return;
    ring[head + 2] = (ring[head + 2] ?? 0) + slow;
    this.slow += slow;
  }

  #take(at: number): number {
    const value = this.#ring[at] ?? 0;
    this.#ring[at] = 0;
    return value;
  }
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
