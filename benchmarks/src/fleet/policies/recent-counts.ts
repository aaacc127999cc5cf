/** Counts that are remembered. */
const REMEMBERED = 128;
/** Larger counts are taken for this one. */
const LARGEST = 1_023;

/** The distribution of the latest counts. */
export class RecentCounts {
  readonly #ring = new Int32Array(REMEMBERED);
  readonly #times = new Int32Array(LARGEST + 1);
  #added = 0;

  add(count: number): void {
    const place = this.#added % REMEMBERED;
    const dropped = this.#ring[place] ?? 0;
    if (this.#added++ >= REMEMBERED) this.#times[dropped] = (this.#times[dropped] ?? 0) - 1;
    const bounded = Math.min(count, LARGEST);
    this.#ring[place] = bounded;
    this.#times[bounded] = (this.#times[bounded] ?? 0) + 1;
  }

  /** The smallest count that the share `q` do not exceed; 0 before the first. */
  quantile(q: number): number {
    const enough = q * Math.min(this.#added, REMEMBERED);
    let within = this.#times[0] ?? 0;
    let count = 0;
    while (within < enough && count < LARGEST) within += this.#times[++count] ?? 0;
    return count;
  }
}
