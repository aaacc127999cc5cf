import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import type { Election } from './election.ts';

/**
 * The rule as it stands: two loops over all. O(n) a pick.
 *
 * What the loops read stands in columns of its own, side by side in memory: that is half of their time.
 */
export class PlainElection<E extends Endpoint> implements Election<E> {
  #slots: readonly AdaptiveSlot<E>[] = [];
  /** Levels; infinite of those that are held. */
  #level = new Float64Array(0);
  #perCall = new Float64Array(0);
  #base = new Float64Array(0);
  #gain = new Float64Array(0);

  fill(slots: readonly AdaptiveSlot<E>[]): void {
    this.#slots = slots;
    if (this.#level.length !== slots.length) {
      this.#level = new Float64Array(slots.length);
      this.#perCall = new Float64Array(slots.length);
      this.#base = new Float64Array(slots.length);
      this.#gain = new Float64Array(slots.length);
    }
    for (const [place, slot] of slots.entries()) {
      slot.place = place;
      this.reweighed(slot);
    }
  }

  moved(slot: AdaptiveSlot<E>): void {
    const { place } = slot;
    if (this.#slots[place] !== slot) return;
    this.#level[place] = slot.isHeld ? Number.POSITIVE_INFINITY : slot.level;
    this.#base[place] = slot.base;
  }

  reweighed(slot: AdaptiveSlot<E>): void {
    const { place } = slot;
    if (this.#slots[place] !== slot) return;
    this.#perCall[place] = slot.perCall;
    this.#gain[place] = slot.gain;
    this.moved(slot);
  }

  hold(slot: AdaptiveSlot<E>): void {
    slot.isHeld = true;
    this.moved(slot);
  }

  release(slot: AdaptiveSlot<E>): void {
    slot.isHeld = false;
    this.moved(slot);
  }

  winner(slack: number, picks: number): AdaptiveSlot<E> | undefined {
    const levels = this.#level;
    const perCalls = this.#perCall;
    let lowest = Number.POSITIVE_INFINITY;
    let reach = Number.POSITIVE_INFINITY;
    for (let place = 0; place < levels.length; place++) {
      const level = levels[place] ?? 0;
      if (level < lowest) lowest = level;
      const end = level + slack * (perCalls[place] ?? 0);
      if (end < reach) reach = end;
    }
    return lowest === Number.POSITIVE_INFINITY
      ? undefined
      : this.#slots[this.#winnerWithin(lowest, reach, slack, picks)];
  }

  /** Place of the highest bid among those that are eligible. */
  #winnerWithin(lowest: number, reach: number, slack: number, picks: number): number {
    const levels = this.#level;
    const perCalls = this.#perCall;
    const bases = this.#base;
    const gains = this.#gain;
    let winner = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < levels.length; place++) {
      const level = levels[place] ?? 0;
      if (level > reach && level > lowest + slack * (perCalls[place] ?? 0)) continue;
      const bid = (bases[place] ?? 0) + (gains[place] ?? 0) * picks;
      if (bid > most || (bid === most && this.#isBefore(place, winner))) {
        winner = place;
        most = bid;
      }
    }
    return winner;
  }

  #isBefore(place: number, other: number): boolean {
    const { rank = 0 } = this.#slots[place] ?? {};
    const { rank: otherRank = 0 } = this.#slots[other] ?? {};
    return rank < otherRank;
  }
}
