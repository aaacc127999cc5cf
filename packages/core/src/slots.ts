/**
 * What is known of each key, in columns: one row, called a slot, for each.
 *
 * Columns of numbers take a third of the memory of one object per key, and reading them allocates
 * nothing. A free row is reused.
 */
export class Slots<K> {
  readonly byKey: Map<K, number> = new Map();
  readonly keys: (K | undefined)[] = [];
  weight: Int32Array = new Int32Array(FIRST_SIZE);
  /** Credit while out of rotation. In rotation it belongs to the rotation. */
  credit: Float64Array = new Float64Array(FIRST_SIZE);
  /** Lower for keys added earlier: decides ties. */
  rank: Uint32Array = new Uint32Array(FIRST_SIZE);
  /** Neighbours in whatever list the slot is in; `next` is -1 in none. */
  next: Int32Array = new Int32Array(FIRST_SIZE);
  previous: Int32Array = new Int32Array(FIRST_SIZE);
  flags: Uint8Array = new Uint8Array(FIRST_SIZE);

  private readonly lastRank: number;
  private nextRank = 0;
  /** First of the free slots, which are chained by `next`. */
  private free = -1;

  /** @param lastRank the largest rank; when it is used up, all are numbered anew. */
  constructor(lastRank: number) {
    this.lastRank = lastRank;
  }

  /** Gives `key`, which must be new, a row: weight and credit 0, these flags and those of {@link KEPT}. */
  add(key: K, flags: number): number {
    if (this.nextRank > this.lastRank) this.renumber();
    let slot = this.free;
    if (slot >= 0) this.free = this.next[slot] ?? -1;
    else slot = this.keys.length;
    if (slot === this.weight.length) this.grow();
    this.byKey.set(key, slot);
    this.keys[slot] = key;
    this.weight[slot] = 0;
    this.credit[slot] = 0;
    this.rank[slot] = this.nextRank;
    this.next[slot] = -1;
    this.flags[slot] = ((this.flags[slot] ?? 0) & KEPT) | flags;
    this.nextRank += 1;
    return slot;
  }

  /** Frees the row of `key`, which must be out of rotation. */
  delete(key: K, slot: number): void {
    this.byKey.delete(key);
    this.keys[slot] = undefined;
    this.flags[slot] = (this.flags[slot] ?? 0) & KEPT;
    this.next[slot] = this.free;
    this.free = slot;
  }

  /** Says whether the slot can be picked: available, with a weight. */
  isActive(slot: number): boolean {
    return ((this.flags[slot] ?? 0) & AVAILABLE) !== 0 && (this.weight[slot] ?? 0) > 0;
  }

  has(slot: number, flag: number): boolean {
    return ((this.flags[slot] ?? 0) & flag) !== 0;
  }

  mark(slot: number, flag: number, on: boolean): void {
    const flags = this.flags[slot] ?? 0;
    this.flags[slot] = on ? flags | flag : flags & ~flag;
  }

  /** A map keeps its keys in the order in which they were added: so do their new ranks. */
  private renumber(): void {
    let rank = 0;
    for (const slot of this.byKey.values()) {
      this.rank[slot] = rank;
      rank += 1;
    }
    this.nextRank = rank;
  }

  private grow(): void {
    const size = Math.ceil(this.weight.length * GROWTH);
    this.weight = widen(this.weight, new Int32Array(size));
    this.credit = widen(this.credit, new Float64Array(size));
    this.rank = widen(this.rank, new Uint32Array(size));
    this.next = widen(this.next, new Int32Array(size));
    this.previous = widen(this.previous, new Int32Array(size));
    this.flags = widen(this.flags, new Uint8Array(size));
  }
}

/** The key may be picked; its owner has not taken it out. */
export const AVAILABLE = 1;
/** The key waits for its starting credit. */
export const JOINING = 2;
/** A pick has been made without the key; its credit is clamped when it comes back. */
export const STALE = 4;
/** The slot stands in the list of what has changed since the last pick. */
export const CHANGED = 8;

/** Flags that belong to the slot, not to its key. */
const KEPT = CHANGED;
const FIRST_SIZE = 8;
/** Little slack in large sets matters more than a few copies while they are built. */
const GROWTH = 1.25;

function widen<T extends { set(values: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
