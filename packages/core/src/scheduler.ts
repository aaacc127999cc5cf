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
