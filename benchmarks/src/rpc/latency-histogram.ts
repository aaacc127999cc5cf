/** Buckets are this much wider than the one before: no quantile is off by more than half a percent. */
const GROWTH = 1.01;
const STEP = Math.log(GROWTH);
/** What is shorter counts as this long, in milliseconds. */
const LEAST = 1e-3;

/** Counts latencies in buckets that grow by 1 %: any number of calls in little memory. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** Number of calls. */
  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, LEAST)) / STEP);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total++;
  }

  /** What the `share` (above 0, up to 1) of the calls took at most: the middle of the bucket it is in. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#total);
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.exp((bucket + 0.5) * STEP);
    }
    return Number.NaN;
  }
}
