import type { Rotation } from './rotation.ts';
import type { Slots } from './slots.ts';

/** Makes the rotation for few endpoints, or the one for many. */
export type CreateRotation = (slots: Slots<unknown>, many: boolean) => Rotation;

/** The endpoints in rotation, in the form that fits their number. */
export class ActiveSet {
  private readonly slots: Slots<unknown>;
  private readonly create: CreateRotation;
  private readonly few: number;
  private many: boolean;
  private rotation: Rotation;

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
    return this.rotation.size;
  }

  get totalWeight(): number {
    return this.rotation.totalWeight;
  }

  /** One pick among all. Returns the slot, or -1. */
  pick(): number {
    return this.rotation.pick();
  }

  credit(slot: number): number {
    return this.rotation.credit(slot);
  }

  rescale(total: number, reference: number): void {
    this.rotation.rescale(total, reference);
  }

  /** Takes a slot in. */
  put(slot: number): void {
    if (!this.many && this.size === this.few) this.reform(true);
    this.release(slot);
  }

  /** Takes a slot out. */
  take(slot: number): void {
    this.hold(slot);
    if (this.many && this.size * 2 <= this.few) this.reform(false);
  }

  /** Takes a slot out for a moment. */
  hold(slot: number): void {
    this.rotation.remove(slot);
  }

  /** Takes a slot in again. */
  release(slot: number): void {
    this.rotation.add(slot);
  }

  /** Takes many in. In order of credit each goes to the end of its queue, which costs nothing. */
  putAll(slots: readonly number[]): void {
    const { credit, rank } = this.slots;
    const sorted = slots.toSorted((a, b) => {
      return (credit[b] ?? 0) - (credit[a] ?? 0) || (rank[a] ?? 0) - (rank[b] ?? 0);
    });
    for (const slot of sorted) this.release(slot);
  }

  /** Gives slots new credits. */
  giveAll(slots: readonly number[], credits: readonly number[]): void {
    for (const slot of slots) this.hold(slot);
    for (const [i, slot] of slots.entries()) this.slots.credit[slot] = credits[i] ?? 0;
    this.putAll(slots);
  }

  private reform(many: boolean): void {
    const slots = this.rotation.members();
    for (const slot of slots) this.hold(slot);
    this.many = many;
    this.rotation = this.create(this.slots, many);
    this.putAll(slots);
  }
}
