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

/** Numbers kept in each bucket. */
export const WINDOW_FIELDS = 3;

/**
 * Counts calls, failures and slow calls of the last `windowMs`, in buckets on a fixed grid that
 * begins at time 0: what is older than the window is never counted, what is younger than the window
 * less one bucket always is.
 *
 * O(1) per call and no allocation: the sums are kept, and a bucket leaves them when its time is over.
 * However long the silence, one `roll` clears all that has expired (a window that drops one bucket
 * per call remembers failures of an hour ago).
 */
export class RollingWindow {
  calls = 0;
  failures = 0;
  slow = 0;

  // One small array instead of three typed ones: 240 bytes, where each typed array costs about 200.
  readonly #ring: number[];
  #head = 0;
  #slot: number = Number.MIN_SAFE_INTEGER;
  #rollAt: number = Number.MIN_SAFE_INTEGER;
  #bucketMs: number;

  /** Starts empty, or with another window's counts, their times shifted by `shiftMs`. */
  constructor(windowMs: number, buckets: number, json?: RollingWindowJson, shiftMs = 0) {
    this.#ring = Array.from({ length: buckets * WINDOW_FIELDS }, () => 0);
    this.#bucketMs = windowMs / buckets;
    if (json !== undefined) this.#load(json, shiftMs);
  }

  /** Forgets what has left the window at `now`, which must not decrease between calls. */
  roll(now: number): void {
    if (now >= this.#rollAt) this.#advance(Math.floor(now / this.#bucketMs));
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

  /** Changes the length of the window; keeps what is still within it. */
  resize(windowMs: number): void {
    const bucketMs = windowMs / this.#buckets;
    if (bucketMs === this.#bucketMs) return;
    const json = this.toJSON();
    this.#bucketMs = bucketMs;
    this.#load(json, 0);
  }

  toJSON(): RollingWindowJson {
    const oldest = this.#head + WINDOW_FIELDS;
    const buckets = [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
    return { bucketMs: this.#bucketMs, slot: this.#slot, buckets };
  }

  get #buckets(): number {
    return this.#ring.length / WINDOW_FIELDS;
  }

  #load({ bucketMs, slot, buckets }: RollingWindowJson, shiftMs: number): void {
    this.clear();
    this.#slot = Number.MIN_SAFE_INTEGER;
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
      this.#head = (this.#head + WINDOW_FIELDS) % this.#ring.length;
      this.calls -= this.#take(this.#head);
      this.failures -= this.#take(this.#head + 1);
      this.slow -= this.#take(this.#head + 2);
    }
    this.#slot = slot;
    this.#rollAt = (slot + 1) * this.#bucketMs;
  }

  #count(calls: number, failures: number, slow: number): void {
    const ring = this.#ring;
    const head = this.#head;
    ring[head] = (ring[head] ?? 0) + calls;
    ring[head + 1] = (ring[head + 1] ?? 0) + failures;
    ring[head + 2] = (ring[head + 2] ?? 0) + slow;
    this.calls += calls;
    this.failures += failures;
    this.slow += slow;
  }

  #take(at: number): number {
    const value = this.#ring[at] ?? 0;
    this.#ring[at] = 0;
    return value;
  }
}
