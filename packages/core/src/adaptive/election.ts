import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';

/**
 * Finds the winner of a pick: of the eligible slots the one with the highest bid, of several the one
 * with the lowest rank. Knows all active slots, less those that are held.
 *
 * Eligible is who is about as little loaded as anybody. Calls are whole, so levels are compared give
 * or take `slack` calls of either side: a slot is eligible if no other slot's level is lower by more
 * than `slack` of its own calls and `slack` of the other's. With only the smallest endpoint's calls as
 * the measure, one small endpoint would let a hundred calls pile up on a large one; with only the
 * slot's own, large ones would always come first.
 *
 *     level ≤ max(lowest + slack × perCall, reach)
 *     lowest = min level,  reach = min (level + slack × perCall)
 */
export interface Election<E extends Endpoint> {
  /** Takes over the active slots. O(n). */
  fill(slots: readonly AdaptiveSlot<E>[]): void;
  /** Called when a slot's level or base has changed. */
  moved(slot: AdaptiveSlot<E>): void;
  /** Called when a slot's gain and level per call have changed, and before its level has. */
  reweighed(slot: AdaptiveSlot<E>): void;
  /** Keeps a slot out until it is released. */
  hold(slot: AdaptiveSlot<E>): void;
  release(slot: AdaptiveSlot<E>): void;
  /** `picks` is the number of this pick since the bases were written: a bid is `base + gain × picks`. */
  winner(slack: number, picks: number): AdaptiveSlot<E> | undefined;
}
