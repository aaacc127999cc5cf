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

/** The rule as it stands: two loops over all. O(n) a pick, and nothing to do in between. */
export class PlainElection<E extends Endpoint> implements Election<E> {
  #slots: readonly AdaptiveSlot<E>[] = [];

  fill(slots: readonly AdaptiveSlot<E>[]): void {
    this.#slots = slots;
  }

  moved(): void {}

  reweighed(): void {}

  hold(slot: AdaptiveSlot<E>): void {
    slot.isHeld = true;
  }

  release(slot: AdaptiveSlot<E>): void {
    slot.isHeld = false;
  }

  winner(slack: number, picks: number): AdaptiveSlot<E> | undefined {
    const slots = this.#slots;
    let lowest = Number.POSITIVE_INFINITY;
    let reach = Number.POSITIVE_INFINITY;
    for (const { level, perCall, isHeld } of slots) {
      if (isHeld) continue;
      if (level < lowest) lowest = level;
      if (level + slack * perCall < reach) reach = level + slack * perCall;
    }
    let winner: AdaptiveSlot<E> | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const slot of slots) {
      const { level } = slot;
      if (slot.isHeld || (level > reach && level > lowest + slack * slot.perCall)) continue;
      const bid = slot.base + slot.gain * picks;
      if (bid > most || (bid === most && winner !== undefined && slot.rank < winner.rank)) {
        winner = slot;
        most = bid;
      }
    }
    return winner;
  }
}
