import { scaleCredit } from '../credits.ts';
import type { Endpoint } from '../endpoint.ts';
import { createSmoothWeightedRoundRobin } from '../smooth-weighted-round-robin.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { clamp } from './numbers.ts';

/**
 * Nobody is owed more than so many calls, and nobody owes more: counted from the average, before the
 * next gain. What a busy endpoint misses is repaid up to here, so that shares stay those of the weights
 * on a healthy set; beyond, it is not, and one that was the only one eligible does not wait for ever.
 * Without load, smooth weighted round robin owes less than two calls.
 */
const MOST = 16;
/** In the order of bids, nobody has waited for longer than it takes to gain so many times the total. */
const LONGEST = 32;
/** Bases are written anew after so many picks: every line stays an exact integer below 2^53. */
const WRITE_AFTER = 65_536;

/**
 * The credits of smooth weighted round robin, as straight lines.
 *
 * At a pick every active slot gains its `gain`, eligible or not, and the winner pays the total. A slot
 * that is not picked therefore moves along `base + gain × picks`: nothing is written for it, and only
 * the winner's line is moved. Bids are read off the lines. What a winner really has is clamped when it
 * pays: of two that have waited past the limit, the one further along still comes first. Only
 * differences between credits count, so the limits are counted from the average, which is known
 * without looking at anybody: bases and gains are summed up.
 *
 * Changes follow the scheduler's rules: survivors keep their credit in calls, the absent freeze and
 * are clamped on return, joiners draw a credit when there is a `random`.
 */
export class CreditLines<E extends Endpoint> {
  /** Sum of the active slots' gains. */
  total = 0;
  /** Sum of the active slots' bases. */
  #bases = 0;
  /** Picks since the bases were written. */
  picks = 0;
  readonly #random: (() => number) | undefined;
  #active: readonly AdaptiveSlot<E>[] = [];
  #reference = 0;

  constructor(random: (() => number) | undefined) {
    this.#random = random;
  }

  /** Credit in calls, counted from the average. `undefined` before there is anybody. */
  calls(slot: AdaptiveSlot<E>): number | undefined {
    const { total } = this;
    if (total === 0 || slot.joins) return undefined;
    if (!slot.isActive) return slot.base / total;
    const average = (this.#bases + total * this.picks) / this.#active.length;
    return Math.min((slot.base + slot.gain * this.picks - average) / total, MOST);
  }

  /** Ends a pick: all active slots have gained, and `winner` pays `price`. */
  pay(winner: AdaptiveSlot<E>, price: number): void {
    const { base, gain } = winner;
    const { total, picks } = this;
    const others = this.#active.length - 1;
    const credit = base + gain * picks;
    let rest = credit;
    if (others > 0) {
      // From an average that the winner's own credit is part of: hence n / (n − 1).
      const average = (this.#bases + total * picks - credit) / others;
      const unit = total * (1 + 1 / others);
      const most = Math.ceil(average + MOST * unit);
      if (credit > most) rest = most;
      const least = Math.floor(average - MOST * unit);
      if (rest + gain - price < least) rest = least - gain + price;
    }
    this.picks = picks + 1;
    winner.base = rest + gain - price - gain * this.picks;
    this.#bases += winner.base - base;
  }

  /** Changes the gain of one active slot; its credit stays. O(1). */
  setGain(slot: AdaptiveSlot<E>, gain: number): void {
    const change = (slot.gain - gain) * this.picks;
    slot.base += change;
    this.#bases += change;
    this.total += gain - slot.gain;
    slot.gain = gain;
  }

  /** Whether credits must be brought to another scale, or bases written, before long. */
  get mustSettle(): boolean {
    const { total } = this;
    const reference = this.#reference;
    return this.picks >= WRITE_AFTER || total < reference / 2 || total > reference * 2;
  }

  /** Takes back what a slot has gained at the last pick. */
  freeze(slot: AdaptiveSlot<E>): void {
    slot.base -= slot.gain;
    this.#bases -= slot.gain;
  }

  /**
   * Writes the bases anew, so that gains, total and membership can change; around 0, when what was not
   * repaid has moved the average away from it. O(n).
   */
  write(): void {
    if (this.picks === 0) return;
    const { total, picks } = this;
    const average = Math.trunc((this.#bases + total * picks) / this.#active.length);
    const shift = Math.abs(average) > total ? average : 0;
    const longest = LONGEST * total;
    for (const slot of this.#active) {
      slot.base = Math.min(slot.base + slot.gain * picks - shift, longest);
    }
    this.picks = 0;
  }

  /** Takes over who is active, with gains that may be new, after `write`. O(n). */
  settle(slots: Iterable<AdaptiveSlot<E>>, active: readonly AdaptiveSlot<E>[]): void {
    this.#active = active;
    let total = 0;
    for (const { gain } of active) total += gain;
    this.total = total;
    if (total === 0) return;
    const reference = this.#reference;
    if (reference === 0) this.#reference = total;
    else if (total < reference / 2 || total > reference * 2) {
      for (const slot of slots) slot.base = scaleCredit(slot.base, total, reference);
      this.#reference = total;
    }
    this.#join(total);
    for (const slot of active) {
      if (slot.returned) slot.base = clamp(slot.base, -total, total);
      slot.returned = false;
    }
    this.#bases = 0;
    for (const { base } of active) this.#bases += base;
  }

  /** Gives a slot a credit in calls, in place of its own, after `write`. */
  restore(slot: AdaptiveSlot<E>, calls: number): void {
    slot.base = Math.round(clamp(calls, -MOST, MOST) * this.total);
    slot.joins = false;
  }

  #join(total: number): void {
    const active = this.#active;
    const joining = active.filter((slot) => slot.joins);
    const random = this.#random;
    if (random !== undefined && joining.length > 0 && joining.length < active.length) {
      for (const slot of joining) slot.base = Math.trunc((random() - 0.5) * total);
    } else if (random !== undefined) startCredits(joining, random);
    for (const slot of joining) slot.joins = false;
  }
}

/** Gives the slots of a new set the credits with which static dispatch would start. */
function startCredits<E extends Endpoint>(
  slots: readonly AdaptiveSlot<E>[],
  random: () => number,
): void {
  const scheduler = createSmoothWeightedRoundRobin<AdaptiveSlot<E>>({ random });
  for (const slot of slots.toSorted((a, b) => a.rank - b.rank)) {
    scheduler.set(slot, slot.state.endpoint.weight);
  }
  // The scheduler draws its phase at the first pick. The pick itself is taken back.
  const first = scheduler.next();
  for (const slot of slots) {
    const { weight } = slot.state.endpoint;
    const paid = slot === first ? scheduler.totalWeight : 0;
    const credit = (scheduler.credit(slot) ?? 0) - weight + paid;
    slot.base = Math.trunc((credit * slot.gain) / weight);
  }
}
