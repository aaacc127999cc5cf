/**
 * Decides the order of picks. State changes only inside calls; nothing is read from outside.
 *
 * The contract, for every implementation:
 *
 * - For constant weights the sequence is exactly nginx's smooth weighted round robin; ties go to the
 *   key added earliest. `{ a: 5, b: 1, c: 1 }` gives `a a b a c a a`.
 * - Over one cycle (the total weight divided by the weights' greatest common divisor) every key is
 *   picked exactly in proportion to its weight.
 * - What is unavailable, drained or tried neither accrues credit nor counts: the rest share the picks
 *   as if it did not exist.
 * - A change acts from the next pick, and survivors keep their credit. Changing nothing changes nothing.
 */
export interface Scheduler<K> {
  /**
   * Adds `key`, or changes its weight: an integer from 0 (drained) to 1,000,000.
   *
   * @throws {RangeError} naming key and value; the state stays as it was.
   */
  set(key: K, weight: number): void;
  /** Removes `key` and its credit. Returns whether it was there. */
  delete(key: K): boolean;
  /** Says whether `key` has been added. */
  has(key: K): boolean;
  /** Takes `key` out of rotation, its credit frozen, or brings it back. Unknown keys are ignored. */
  setAvailable(key: K, available: boolean): void;
  /**
   * Returns the next key, or `undefined` when none can be picked. With `tried`, makes the step on the
   * subset without those keys. Allocates nothing.
   */
  next(tried?: ReadonlySet<K>): K | undefined;
  /** Number of keys, drained and unavailable ones included. */
  readonly size: number;
  /** Sum of the weights of the keys that can be picked now. */
  readonly totalWeight: number;
  /**
   * Credit of `key` (nginx's `current_weight`), for people and for dispatch rules built on top:
   * positive when it is owed picks. Divided by {@link totalWeight} it is in calls. `undefined` for an
   * unknown key, and for one that has yet to draw its starting credit (with `random`, until a pick).
   */
  credit(key: K): number | undefined;
  /** Copies weights, availability and credits, so that another scheduler can go on from here. O(n). */
  snapshot(): SchedulerSnapshot<K>;
  /**
   * Replaces everything by what `snapshot` says; the sequence goes on as the copied one would. O(n).
   *
   * @throws {RangeError} naming what is wrong with the snapshot; the state stays as it was.
   */
  restore(snapshot: SchedulerSnapshot<K>): void;
}

/** The state of a scheduler as plain data: JSON, if the keys are. */
export interface SchedulerSnapshot<K> {
  /** The total weight to which the credits relate; 0 before the first pick. */
  readonly referenceWeight: number;
  /** Every key, in the order in which they were added. */
  readonly entries: readonly SchedulerEntry<K>[];
}

/** One key of a {@link SchedulerSnapshot}. */
export interface SchedulerEntry<K> {
  readonly key: K;
  /** Integer from 0 to 1,000,000. */
  readonly weight: number;
  readonly available: boolean;
  /** An integer. Absent until the key has drawn its starting credit. */
  readonly credit?: number;
}

/** Options of a scheduler. */
export interface SchedulerOptions {
  /**
   * Source of randomness, uniform in [0, 1). When given, the sequence starts at a uniformly random
   * phase of its cycle, so that many clients do not start on the same endpoint. Default: none; the
   * sequence starts where nginx's does.
   */
  readonly random?: () => number;
}
