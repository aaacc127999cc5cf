/**
 * The endpoints in rotation and their credits: one way to run the loop of smooth weighted round robin.
 *
 * Every implementation gives the same picks and the same credits. They differ in what a pick costs.
 * Endpoints are named by their row in a {@link Slots}; weight and rank are read there.
 *
 * Fields on the way of a pick are `private`, not `#private`: on V8 11 a pick with `#` costs a third more.
 */
export interface Rotation {
  /** Number of endpoints in rotation. */
  readonly size: number;
  /** Sum of their weights. */
  readonly totalWeight: number;
  /** Every slot in rotation, in no order that means anything. O(n). */
  members(): number[];
  /** Takes `slot` in, with the credit that stands in its row. */
  add(slot: number): void;
  /** Takes `slot` out and writes its credit to its row. */
  remove(slot: number): void;
  /** Credit of `slot`, which must be in rotation. */
  credit(slot: number): number;
  /**
   * Makes one pick: every endpoint gains its weight, the one with the most credit (of several, the one
   * with the lowest rank) pays their total. Returns its slot, or -1 if there is none. Allocates nothing.
   */
  pick(): number;
  /** Gives every slot the credit that `change` makes of its own. O(n). */
  recredit(change: (credit: number, slot: number) => number): void;
}
