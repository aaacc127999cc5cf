import { checkSnapshot, clampCredit, scaleCredit } from './credits.ts';
import { checkFunction } from './option-checks.ts';
import { startPhase } from './phase.ts';
import type { Rotation } from './rotation.ts';
import type { RotationLimits } from './rotation-limits.ts';
import type { Scheduler, SchedulerOptions, SchedulerSnapshot } from './scheduler.ts';
import { AVAILABLE, CHANGED, JOINING, Slots, STALE } from './slots.ts';
import { checkWeight } from './weight.ts';

/** Makes the small rotation or the large one. */
export type CreateRotation = (slots: Slots<unknown>, large: boolean) => Rotation;

/**
 * Everything about a scheduler but the pick: keys, availability, and what changes do to credits.
 *
 * - Who stays keeps its credit. When the total weight has more than doubled or halved since credits
 *   were last in proportion to it, all of them are scaled, so that they stay the same number of calls.
 * - Who is drained or unavailable is out of rotation, its credit frozen. If picks were made without it,
 *   its credit is clamped to one call (± the total weight) when it comes back.
 * - Who joins starts at 0; with `random`, within half a call of it, and a whole new set somewhere in
 *   its cycle ({@link startPhase}).
 *
 * The last step of each is taken at the next pick, once for all changes before it: changing something
 * and changing it back in between changes nothing.
 */
export class RotationScheduler<K> implements Scheduler<K> {
  readonly #random: (() => number) | undefined;
  readonly #limits: RotationLimits;
  readonly #create: CreateRotation;
  #slots: Slots<K>;
  #rotation: Rotation;
  #large = false;
  #totalWeight = 0;
  /** The total weight to which the credits relate. */
  #referenceWeight = 0;
  #settled = true;
  /** Slots that changed since the last pick. */
  readonly #changed: number[] = [];
  /** Tried slots, out of rotation for one pick. */
  readonly #tried: number[] = [];

  constructor({ random }: SchedulerOptions, limits: RotationLimits, create: CreateRotation) {
    checkFunction('random', random);
    this.#random = random;
    this.#limits = limits;
    this.#create = create;
    this.#slots = new Slots(limits.lastRank);
    this.#rotation = create(this.#slots, false);
  }

  get size(): number {
    return this.#slots.byKey.size;
  }

  get totalWeight(): number {
    return this.#totalWeight;
  }

  next(tried?: ReadonlySet<K>): K | undefined {
    if (!this.#settled) this.#settle();
    const slot =
      tried === undefined || tried.size === 0
        ? this.#rotation.pick(this.#totalWeight)
        : this.#pickWithout(tried);
    return slot < 0 ? undefined : this.#slots.keys[slot];
  }

  has(key: K): boolean {
    return this.#slots.byKey.has(key);
  }

  set(key: K, weight: number): void {
    checkWeight(key, weight);
    const slot = this.#slots.byKey.get(key) ?? this.#slots.add(key, this.#flagsOfNew());
    this.#change(slot, weight, this.#slots.has(slot, AVAILABLE));
  }

  setAvailable(key: K, available: boolean): void {
    const slot = this.#slots.byKey.get(key);
    if (slot !== undefined) this.#change(slot, this.#slots.weight[slot] ?? 0, available);
  }

  delete(key: K): boolean {
    const slot = this.#slots.byKey.get(key);
    if (slot === undefined) return false;
    this.#change(slot, 0, false);
    this.#slots.delete(key, slot);
    return true;
  }

  credit(key: K): number | undefined {
    const slot = this.#slots.byKey.get(key);
    if (slot === undefined || this.#slots.has(slot, JOINING)) return undefined;
    return this.#creditOf(slot);
  }

  snapshot(): SchedulerSnapshot<K> {
    const slots = this.#slots;
    const total = this.#totalWeight;
    const reference = this.#referenceWeight;
    const rescaled = this.#mustRescale();
    return {
      referenceWeight: rescaled || reference === 0 ? total : reference,
      entries: Array.from(slots.byKey, ([key, slot]) => {
        const weight = slots.weight[slot] ?? 0;
        const available = slots.has(slot, AVAILABLE);
        if (slots.has(slot, JOINING)) return { key, weight, available };
        let credit = this.#creditOf(slot);
        if (rescaled) credit = scaleCredit(credit, total, reference);
        if (slots.has(slot, STALE) && slots.isActive(slot)) credit = clampCredit(credit, total);
        return { key, weight, available, credit };
      }),
    };
  }

  restore(snapshot: SchedulerSnapshot<K>): void {
    checkSnapshot(snapshot);
    const slots = new Slots<K>(this.#limits.lastRank);
    this.#changed.length = 0;
    const active: number[] = [];
    for (const { key, weight, available, credit } of snapshot.entries) {
      const slot = slots.add(key, credit === undefined ? this.#flagsOfNew() : 0);
      slots.mark(slot, AVAILABLE, available);
      slots.weight[slot] = weight;
      slots.credit[slot] = credit ?? 0;
      slots.mark(slot, CHANGED, true);
      this.#changed.push(slot);
      if (slots.isActive(slot)) active.push(slot);
      else slots.mark(slot, STALE, true);
    }
    this.#slots = slots;
    this.#large = active.length > this.#limits.plainSize;
    this.#rotation = this.#create(slots, this.#large);
    this.#totalWeight = 0;
    this.#referenceWeight = snapshot.referenceWeight;
    this.#settled = false;
    this.#addAll(active);
  }

  #flagsOfNew(): number {
    return this.#random === undefined ? AVAILABLE : AVAILABLE | JOINING;
  }

  #creditOf(slot: number): number {
    return this.#slots.isActive(slot)
      ? this.#rotation.credit(slot)
      : (this.#slots.credit[slot] ?? 0);
  }

  #change(slot: number, weight: number, available: boolean): void {
    const slots = this.#slots;
    if (slots.weight[slot] === weight && slots.has(slot, AVAILABLE) === available) return;
    if (slots.isActive(slot)) this.#take(slot);
    slots.weight[slot] = 0; // not in rotation, whatever else has to move
    this.#refit(available && weight > 0 ? 1 : 0);
    slots.weight[slot] = weight;
    slots.mark(slot, AVAILABLE, available);
    if (slots.isActive(slot)) this.#put(slot);
    this.#noteChange(slot);
  }

  #noteChange(slot: number): void {
    this.#settled = false;
    if (this.#slots.has(slot, CHANGED)) return;
    this.#slots.mark(slot, CHANGED, true);
    this.#changed.push(slot);
  }

  #put(slot: number): void {
    this.#rotation.add(slot);
    this.#totalWeight += this.#slots.weight[slot] ?? 0;
  }

  #take(slot: number): void {
    this.#rotation.remove(slot);
    this.#totalWeight -= this.#slots.weight[slot] ?? 0;
  }

  /** Takes the rotation that fits, if `more` are about to come. */
  #refit(more: number): void {
    const size = this.#rotation.size + more;
    const { plainSize } = this.#limits;
    const large = this.#large ? size * 2 > plainSize : size > plainSize;
    if (large === this.#large) return;
    const active = this.#active();
    this.#takeAll(active);
    this.#large = large;
    this.#rotation = this.#create(this.#slots, large);
    this.#addAll(active);
  }

  #active(): number[] {
    return [...this.#slots.byKey.values()].filter((slot) => this.#slots.isActive(slot));
  }

  #takeAll(active: readonly number[]): void {
    for (const slot of active) this.#take(slot);
  }

  /** In order of credit every one of them goes to the end of its queue, which costs nothing. */
  #addAll(active: readonly number[]): void {
    const { credit, rank } = this.#slots;
    const sorted = active.toSorted((a, b) => {
      return (credit[b] ?? 0) - (credit[a] ?? 0) || (rank[a] ?? 0) - (rank[b] ?? 0);
    });
    for (const slot of sorted) this.#put(slot);
  }

  /** One pick among the rest: the tried ones neither gain nor count. */
  #pickWithout(tried: ReadonlySet<K>): number {
    tried.forEach(this.#hold);
    const slot = this.#rotation.pick(this.#totalWeight);
    for (const held of this.#tried) this.#put(held);
    this.#tried.length = 0;
    return slot;
  }

  readonly #hold = (key: K): void => {
    const slot = this.#slots.byKey.get(key);
    if (slot === undefined || !this.#slots.isActive(slot)) return;
    this.#take(slot);
    this.#tried.push(slot);
  };

  #mustRescale(): boolean {
    const total = this.#totalWeight;
    const reference = this.#referenceWeight;
    return total > 0 && reference > 0 && (total < reference / 2 || total > reference * 2);
  }

  /** Makes the changes since the last pick good. */
  #settle(): void {
    const total = this.#totalWeight;
    if (total === 0) return;
    if (this.#mustRescale()) this.#rescale();
    if (this.#referenceWeight === 0) this.#referenceWeight = total;
    if (this.#random !== undefined) this.#join(this.#random);
    const slots = this.#slots;
    for (const slot of this.#changed) {
      slots.mark(slot, CHANGED, false);
      const active = slots.isActive(slot);
      if (active && slots.has(slot, STALE)) {
        this.#give(slot, clampCredit(this.#rotation.credit(slot), total));
      }
      slots.mark(slot, STALE, !active);
    }
    this.#changed.length = 0;
    this.#settled = true;
  }

  #rescale(): void {
    const { byKey, credit } = this.#slots;
    const total = this.#totalWeight;
    const reference = this.#referenceWeight;
    for (const slot of byKey.values()) {
      if (this.#slots.isActive(slot)) continue;
      credit[slot] = scaleCredit(credit[slot] ?? 0, total, reference);
    }
    this.#rotation.rescale(total, reference);
    this.#referenceWeight = total;
  }

  #give(slot: number, credit: number): void {
    if (credit === this.#rotation.credit(slot)) return;
    this.#take(slot);
    this.#slots.credit[slot] = credit;
    this.#put(slot);
  }

  /** Draws the starting credits of those who join. */
  #join(random: () => number): void {
    const slots = this.#slots;
    const joining = this.#changed
      .filter((slot) => slots.isActive(slot) && slots.has(slot, JOINING))
      .toSorted((a, b) => (slots.rank[a] ?? 0) - (slots.rank[b] ?? 0));
    if (joining.length === 0) return;
    if (joining.length === this.#rotation.size) {
      this.#start(joining, draw(random));
    } else {
      const total = this.#totalWeight;
      for (const slot of joining) this.#give(slot, Math.trunc((draw(random) - 0.5) * total) + 0);
    }
    for (const slot of joining) slots.mark(slot, JOINING, false);
  }

  /** Starts a new set somewhere in its cycle. */
  #start(active: readonly number[], fraction: number): void {
    const { weight, credit } = this.#slots;
    const { credits, picks } = startPhase(
      active.map((slot) => weight[slot] ?? 0),
      fraction,
    );
    this.#takeAll(active);
    for (const [i, slot] of active.entries()) credit[slot] = credits[i] ?? 0;
    this.#addAll(active);
    for (let i = 0; i < picks; i++) this.#rotation.pick(this.#totalWeight);
  }
}

function draw(random: () => number): number {
  const value = random();
  if (value >= 0 && value < 1) return value;
  throw new RangeError(`random must return a number in [0, 1), got ${String(value)}`);
}
