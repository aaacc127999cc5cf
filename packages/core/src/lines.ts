// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction, and `?? 0` costs 8 % of a pick
/**
 * The different weights in rotation, sorted, and for each the credit of its best endpoint as a line
 * over time: `base + weight · tick`.
 *
 * Packed, lines stand side by side, for a scan. Spread, they stand among as many free places as make
 * the size a power of two, for a tournament whose leaves they are; a free place is a line that never
 * wins. There a new weight finds a place near by, and hardly any line has to move.
 */
export class Lines {
  base: Float64Array = new Float64Array(FIRST_SIZE);
  weight: Float64Array = new Float64Array(FIRST_SIZE);
  /** Slot of the best endpoint; -1 in a free place. */
  head: Int32Array = new Int32Array(FIRST_SIZE);
  /** Number of lines. */
  count = 0;
  /** Number of places in use, free ones included. */
  size = 0;
  isSpread = false;
  /** Places that the last {@link open} moved, first and last: the new line's own at least. */
  movedFrom = 0;
  movedTo = 0;

  /** Place of the line of this weight, or -1. */
  find(weight: number): number {
    const place = this.search(weight);
    return place < this.size && this.weight[place] === weight && this.head[place]! >= 0
      ? place
      : -1;
  }

  /**
   * Adds a line that there was not. Returns its place, or -1 if it is spread and there is no free
   * place within `reach`.
   */
  open(weight: number, reach: number): number {
    const near = this.search(weight);
    const place = this.isSpread ? this.makeRoom(near, reach) : this.insert(near);
    if (place < 0) return -1;
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

  /** Spreads the lines evenly over `size` places, at least as many as there are lines. */
  spread(size: number): void {
    const { base, weight, head } = this.packed();
    this.resize(size);
    this.base.fill(NEVER_WINS);
    this.head.fill(-1);
    for (let i = 0; i < this.count; i++) {
      const place = Math.floor((i * size) / this.count);
      this.base[place] = base[i]!;
      this.weight[place] = weight[i]!;
      this.head[place] = head[i]!;
      // Free places keep the order: their weights lie between those of their neighbours.
      const end = Math.floor(((i + 1) * size) / this.count);
      const step = ((weight[i + 1] ?? weight[i]! + size) - weight[i]!) / (end - place);
      for (let j = place + 1; j < end; j++) this.weight[j] = weight[i]! + (j - place) * step;
    }
    this.size = size;
    this.isSpread = true;
  }

  /** Moves the lines together. */
  pack(): void {
    const { base, weight, head } = this.packed();
    this.resize(Math.max(FIRST_SIZE, this.count));
    this.base.set(base);
    this.weight.set(weight);
    this.head.set(head);
    this.size = this.count;
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
    if (this.size === this.base.length) {
      const { base, weight, head } = this;
      this.resize(2 * this.size);
      this.base.set(base);
      this.weight.set(weight);
      this.head.set(head);
    }
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
        this.movedFrom = place;
        this.movedTo = right;
        return place;
      }
      const left = place - 1 - distance;
      if (left >= 0 && this.head[left]! < 0) {
        this.move(left + 1, place, -1);
        this.movedFrom = left;
        this.movedTo = place - 1;
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

  private packed(): Pick<Lines, 'base' | 'weight' | 'head'> {
    const live = (_: number, i: number) => this.head[i]! >= 0;
    return {
      base: this.base.subarray(0, this.size).filter(live),
      weight: this.weight.subarray(0, this.size).filter(live),
      head: this.head.subarray(0, this.size).filter(live),
    };
  }

  private resize(size: number): void {
    this.base = new Float64Array(size);
    this.weight = new Float64Array(size);
    this.head = new Int32Array(size);
  }
}

const FIRST_SIZE = 16;
/** Far below every credit, and what a billion picks' gains leave it at is so too. */
const NEVER_WINS = -(2 ** 51);
