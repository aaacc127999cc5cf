import type { Rotation } from './rotation.ts';
import type { Slots } from './slots.ts';

/** From so many on, slots are taken in in order. */
const WORTH_SORTING = 32;

/** Makes the rotation for few endpoints, or the one for many. */
export type CreateRotation = (slots: Slots<unknown>, many: boolean) => Rotation;

/** The endpoints in rotation, in the form that fits their number. */
export class ActiveSet {
  private readonly slots: Slots<unknown>;
  private readonly create: CreateRotation;
  private readonly few: number;
  private many: boolean;
  private rotation: Rotation;
  /** Slots that were put in and that nobody has asked about yet: many at once cost less than one by one. */
  private readonly waiting: number[] = [];

  /**
   * @param few up to so many endpoints the first form serves; it comes back at half as many.
   * @param size number of endpoints to come.
   */
  constructor(slots: Slots<unknown>, create: CreateRotation, few: number, size: number) {
    this.slots = slots;
    this.create = create;
    this.few = few;
    this.many = size > few;
    this.rotation = create(slots, this.many);
  }

  get size(): number {
    this.flush();
    return this.rotation.size;
  }

  get totalWeight(): number {
    this.flush();
    return this.rotation.totalWeight;
  }

  /** One pick among all; none of them may have been put in since {@link size} was read. Returns the slot, or -1. */
  pick(): number {
    return this.rotation.pick();
  }

  credit(slot: number): number {
    this.flush();
    return this.rotation.credit(slot);
  }

  /** Gives every slot the credit that `change` makes of its own. */
  recredit(change: (credit: number, slot: number) => number): void {
    this.rotation.recredit(change);
  }

  /** Takes a slot in. */
  put(slot: number): void {
    this.waiting.push(slot);
  }

  /** Takes a slot out. */
  take(slot: number): void {
    this.flush();
    this.hold(slot);
    if (this.many && this.rotation.size * 2 <= this.few) this.reform(false);
  }

  /** Takes a slot out for a moment. */
  hold(slot: number): void {
    this.rotation.remove(slot);
  }

  /** Takes a slot in again. */
  release(slot: number): void {
    this.rotation.add(slot);
  }

  /**
   * Takes many in: by weight, so that each new line is the last; and in order of credit, so that each
   * slot goes to the end of its queue. Both cost nothing.
   */
  putAll(slots: readonly number[]): void {
    const { credit, rank, weight } = this.slots;
    const byCredit = slots.toSorted((a, b) => {
      return (credit[b] ?? 0) - (credit[a] ?? 0) || (rank[a] ?? 0) - (rank[b] ?? 0);
    });
    // Numbers are sorted many times faster than objects: the weight, and below 2^32 the place so far.
    const keys = new Float64Array(byCredit.length);
    for (const [i, slot] of byCredit.entries()) keys[i] = (weight[slot] ?? 0) * 2 ** 32 + i;
    for (const key of keys.sort()) this.release(byCredit[key % 2 ** 32] ?? 0);
  }

  /** Gives slots new credits. */
  giveAll(slots: readonly number[], credits: readonly number[]): void {
    if (slots.length === this.size) {
      const given = new Map(slots.map((slot, i) => [slot, credits[i] ?? 0]));
      this.recredit((_, slot) => given.get(slot) ?? 0);
      return;
    }
    for (const slot of slots) this.hold(slot);
    for (const [i, slot] of slots.entries()) this.slots.credit[slot] = credits[i] ?? 0;
    this.putAll(slots);
  }

  private flush(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    if (!this.many && this.rotation.size + waiting.length > this.few) this.reform(true);
    if (waiting.length < WORTH_SORTING) for (const slot of waiting) this.release(slot);
    else this.putAll(waiting);
    waiting.length = 0;
  }

  private reform(many: boolean): void {
    const slots = this.rotation.members();
    for (const slot of slots) this.hold(slot);
    this.many = many;
    this.rotation = this.create(this.slots, many);
    this.putAll(slots);
  }
}
