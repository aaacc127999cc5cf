import { ActiveSet, type CreateRotation } from './active-set.ts';
import { checkSnapshot, clampCredit, scaleCredit } from './credits.ts';
import { checkFunction } from './option-checks.ts';
import { scatter, startPhase } from './phase.ts';
import type { RotationLimits } from './rotation-limits.ts';
import type { Scheduler, SchedulerOptions, SchedulerSnapshot } from './scheduler.ts';
import { AVAILABLE, CHANGED, JOINING, Slots, STALE } from './slots.ts';
import { checkWeight } from './weight.ts';

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
  private readonly random: (() => number) | undefined;
  private readonly createSet: (slots: Slots<K>, size: number) => ActiveSet;
  private readonly lastRank: number;
  private slots: Slots<K>;
  private active: ActiveSet;
  /** The total weight to which the credits relate. */
  private referenceWeight = 0;
  private settled = true;
  /** Slots that changed since the last pick. */
  private readonly changed: number[] = [];
  /** Tried slots, out of rotation for one pick. */
  private readonly tried: number[] = [];

  constructor({ random }: SchedulerOptions, limits: RotationLimits, create: CreateRotation) {
    checkFunction('random', random);
    this.random = random;
    this.createSet = (slots, size) => new ActiveSet(slots, create, limits.plainSize, size);
    this.lastRank = limits.lastRank;
    this.slots = new Slots(limits.lastRank);
    this.active = this.createSet(this.slots, 0);
  }

  get size(): number {
    return this.slots.byKey.size;
  }

  get totalWeight(): number {
    return this.active.totalWeight;
  }

  next(tried?: ReadonlySet<K>): K | undefined {
    if (!this.settled) this.settle();
    const slot =
      tried === undefined || tried.size === 0 ? this.active.pick() : this.pickWithout(tried);
    return slot < 0 ? undefined : this.slots.keys[slot];
  }

  has(key: K): boolean {
    return this.slots.byKey.has(key);
  }

  set(key: K, weight: number): void {
    checkWeight(key, weight);
    const slot = this.slots.byKey.get(key) ?? this.slots.add(key, this.flagsOfNew());
    this.change(slot, weight, this.slots.has(slot, AVAILABLE));
  }

  setAvailable(key: K, available: boolean): void {
    const slot = this.slots.byKey.get(key);
    if (slot !== undefined) this.change(slot, this.slots.weight[slot] ?? 0, available);
  }

  delete(key: K): boolean {
    const slot = this.slots.byKey.get(key);
    if (slot === undefined) return false;
    this.change(slot, 0, false);
    this.slots.delete(key, slot);
    return true;
  }

  credit(key: K): number | undefined {
    const slot = this.slots.byKey.get(key);
    if (slot === undefined || this.slots.has(slot, JOINING)) return undefined;
    return this.creditOf(slot);
  }

  snapshot(): SchedulerSnapshot<K> {
    const slots = this.slots;
    const total = this.active.totalWeight;
    const reference = this.referenceWeight;
    const rescaled = this.mustRescale();
    return {
      referenceWeight: rescaled || reference === 0 ? total : reference,
      entries: Array.from(slots.byKey, ([key, slot]) => {
        const weight = slots.weight[slot] ?? 0;
        const available = slots.has(slot, AVAILABLE);
        if (slots.has(slot, JOINING)) return { key, weight, available };
        let credit = this.creditOf(slot);
        if (rescaled) credit = scaleCredit(credit, total, reference);
        if (slots.has(slot, STALE) && slots.isActive(slot)) credit = clampCredit(credit, total);
        return { key, weight, available, credit };
      }),
    };
  }

  restore(snapshot: SchedulerSnapshot<K>): void {
    checkSnapshot(snapshot);
    const slots = new Slots<K>(this.lastRank);
    this.changed.length = 0;
    const active: number[] = [];
    for (const { key, weight, available, credit } of snapshot.entries) {
      const slot = slots.add(key, credit === undefined ? this.flagsOfNew() : 0);
      slots.mark(slot, AVAILABLE, available);
      slots.weight[slot] = weight;
      slots.credit[slot] = credit ?? 0;
      slots.mark(slot, CHANGED, true);
      this.changed.push(slot);
      if (slots.isActive(slot)) active.push(slot);
      else slots.mark(slot, STALE, true);
    }
    this.slots = slots;
    this.active = this.createSet(slots, active.length);
    this.active.putAll(active);
    this.referenceWeight = snapshot.referenceWeight;
    this.settled = false;
  }

  private flagsOfNew(): number {
    return this.random === undefined ? AVAILABLE : AVAILABLE | JOINING;
  }

  private creditOf(slot: number): number {
    return this.slots.isActive(slot) ? this.active.credit(slot) : (this.slots.credit[slot] ?? 0);
  }

  private change(slot: number, weight: number, available: boolean): void {
    const slots = this.slots;
    if (slots.weight[slot] === weight && slots.has(slot, AVAILABLE) === available) return;
    if (slots.isActive(slot)) this.active.take(slot);
    slots.weight[slot] = weight;
    slots.mark(slot, AVAILABLE, available);
    if (slots.isActive(slot)) this.active.put(slot);
    this.noteChange(slot);
  }

  private noteChange(slot: number): void {
    this.settled = false;
    if (this.slots.has(slot, CHANGED)) return;
    this.slots.mark(slot, CHANGED, true);
    this.changed.push(slot);
  }

  /** One pick among the rest: the tried ones neither gain nor count. */
  private pickWithout(tried: ReadonlySet<K>): number {
    tried.forEach(this.hold);
    const slot = this.active.pick();
    for (const held of this.tried) this.active.release(held);
    this.tried.length = 0;
    return slot;
  }

  private readonly hold = (key: K): void => {
    const slot = this.slots.byKey.get(key);
    if (slot === undefined || !this.slots.isActive(slot)) return;
    this.active.hold(slot);
    this.tried.push(slot);
  };

  private mustRescale(): boolean {
    const total = this.active.totalWeight;
    const reference = this.referenceWeight;
    return total > 0 && reference > 0 && (total < reference / 2 || total > reference * 2);
  }

  /** Makes the changes since the last pick good. */
  private settle(): void {
    const total = this.active.totalWeight;
    if (total === 0) return;
    if (this.mustRescale()) this.rescale();
    if (this.referenceWeight === 0) this.referenceWeight = total;
    if (this.random !== undefined) this.join(this.random);
    const slots = this.slots;
    for (const slot of this.changed) {
      slots.mark(slot, CHANGED, false);
      const active = slots.isActive(slot);
      if (active && slots.has(slot, STALE)) {
        const credit = this.active.credit(slot);
        const clamped = clampCredit(credit, total);
        if (clamped !== credit) this.active.giveAll([slot], [clamped]);
      }
      slots.mark(slot, STALE, !active);
    }
    this.changed.length = 0;
    this.settled = true;
  }

  private rescale(): void {
    const { byKey, credit } = this.slots;
    const total = this.active.totalWeight;
    const reference = this.referenceWeight;
    for (const slot of byKey.values()) {
      if (this.slots.isActive(slot)) continue;
      credit[slot] = scaleCredit(credit[slot] ?? 0, total, reference);
    }
    this.active.recredit((own) => scaleCredit(own, total, reference));
    this.referenceWeight = total;
  }

  /** Draws the starting credits of those who join. */
  private join(random: () => number): void {
    const { weight, rank } = this.slots;
    const joining = this.changed
      .filter((slot) => this.slots.isActive(slot) && this.slots.has(slot, JOINING))
      .toSorted((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
    if (joining.length === 0) return;
    const weights = joining.map((slot) => weight[slot] ?? 0);
    const { credits, picks } =
      joining.length === this.active.size
        ? startPhase(weights, random)
        : scatter(weights, this.active.totalWeight, random);
    this.active.giveAll(joining, credits);
    for (let i = 0; i < picks; i++) this.active.pick();
    for (const slot of joining) this.slots.mark(slot, JOINING, false);
  }
}
