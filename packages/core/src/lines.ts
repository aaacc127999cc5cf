// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction, and `?? 0` costs 8 % of a pick
/**
 * The different weights in rotation, sorted, and for each the credit of its best endpoint as a line
 * over time: `base + weight · tick`.
 *
 * Packed, lines stand side by side, for a scan. Spread, they stand among free places, for a tournament
 * whose leaves they are; a free place is a line that never wins. There a new weight finds a place near
 * by, and hardly any line has to move (Itai, Konheim and Rodeh, A Sparse Table Implementation of
 * Priority Queues, 1981).
 */
export class Lines {
  base: Float64Array = new Float64Array(FIRST_SIZE);
  /** In a free place, that of a line to its left or of one that was there: the order holds. */
  weight: Int32Array = new Int32Array(FIRST_SIZE);
  /** Slot of the best endpoint; -1 in a free place. */
  head: Int32Array = new Int32Array(FIRST_SIZE);
  /** Number of lines. */
  count = 0;
  /** Number of places in use, free ones included: a power of two, when the lines are spread. */
  size = 0;
  isSpread = false;
  /** Places that the last {@link open} changed, first and last: the new line's own at least. */
  changedFrom = 0;
  changedTo = 0;

  /** Place of the line of this weight, or -1. */
  find(weight: number): number {
    const place = this.search(weight);
    return place < this.size && this.weight[place] === weight && this.head[place]! >= 0
      ? place
      : -1;
  }

  /**
   * Adds a line that there was not, and returns its place.
   *
   * @param reach how far, in places, a free one is looked for before lines are spread anew.
   */
  open(weight: number, reach: number): number {
    const near = this.search(weight);
    let place = this.isSpread ? this.makeRoom(near, reach) : this.insert(near);
    if (place < 0) {
      this.spread();
      place = this.makeRoom(this.search(weight), this.size);
      this.changedFrom = 0;
      this.changedTo = this.size - 1;
    }
    this.weight[place] = weight;
    this.count += 1;
    return place;
  }

  /** Removes the line at `place`. */
  close(place: number): void {
    this.count -= 1;
    if (this.isSpread) {
      this.base[place] = NEVER_WINS;
      this.head[place] = -1;
    } else {
      this.size -= 1;
      this.move(place + 1, this.size + 1, -1);
    }
  }

  /** Spreads the lines evenly, with a free place for every 63 of them at least. */
  spread(): void {
    this.compact();
    this.size = 2;
    while (this.size * 63 < this.count * 64) this.size *= 2;
    this.resize(this.size);
    let end = this.size;
    for (let i = this.count - 1; i >= 0; i--) {
      const place = Math.floor((i * this.size) / this.count);
      this.copy(i, place);
      this.base.fill(NEVER_WINS, place + 1, end);
      this.weight.fill(this.weight[place]!, place + 1, end);
      this.head.fill(-1, place + 1, end);
      end = place;
    }
    this.isSpread = true;
  }

  /** Moves the lines together. */
  pack(): void {
    this.compact();
    this.resize(Math.max(FIRST_SIZE, this.count));
    this.isSpread = false;
  }

  /** First place with at least this weight. */
  private search(weight: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.weight[middle]! < weight) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private insert(place: number): number {
    if (this.size === this.base.length) this.resize(2 * this.size);
    this.move(place, this.size, 1);
    this.size += 1;
    return place;
  }

  /** Frees a place for a line that belongs between `place - 1` and `place`. */
  private makeRoom(place: number, reach: number): number {
    for (let distance = 0; distance < reach; distance++) {
      const right = place + distance;
      if (right < this.size && this.head[right]! < 0) {
        this.move(place, right, 1);
        this.changedFrom = place;
        this.changedTo = right;
        return place;
      }
      const left = place - 1 - distance;
      if (left >= 0 && this.head[left]! < 0) {
        this.move(left + 1, place, -1);
        this.changedFrom = left;
        this.changedTo = place - 1;
        return place - 1;
      }
    }
    return -1;
  }

  /** Moves the places `from` (inclusive) to `to` (exclusive) by `by`. */
  private move(from: number, to: number, by: number): void {
    this.base.copyWithin(from + by, from, to);
    this.weight.copyWithin(from + by, from, to);
    this.head.copyWithin(from + by, from, to);
  }

  /** Moves the lines to the first places. */
  private compact(): void {
    let end = 0;
    for (let place = 0; place < this.size; place++)
      if (this.head[place]! >= 0) this.copy(place, end++);
    this.size = this.count;
  }

  private copy(from: number, to: number): void {
    this.base[to] = this.base[from]!;
    this.weight[to] = this.weight[from]!;
    this.head[to] = this.head[from]!;
  }

  private resize(size: number): void {
    this.base = fit(this.base, new Float64Array(size));
    this.weight = fit(this.weight, new Int32Array(size));
    this.head = fit(this.head, new Int32Array(size));
  }
}

const FIRST_SIZE = 16;
/** Far below every credit, and what a billion picks' gains leave it at is so too. */
const NEVER_WINS = -(2 ** 51);

function fit<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from.subarray(0, to.length));
  return to;
}
