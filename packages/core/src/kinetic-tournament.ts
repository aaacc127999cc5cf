// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction, and `?? 0` costs 8 % of a pick
import type { Lines } from './lines.ts';
import type { Slots } from './slots.ts';

/**
 * Finds the highest of many lines as time goes on: a tournament (Basch, Guibas and Hershberger, Data
 * Structures for Mobile Data, 1997) over leaves sorted by slope.
 *
 * Each node knows the winner of its two children, and a tick up to which nothing below it changes
 * unless a line does: the first at which one of the losers overtakes. A pick reads the root, lowers one
 * leaf and replays its path; and if the root's tick has come, only the nodes whose tick has come.
 *
 * Exactness. Two lines meet after `gap / closing` ticks, both integers below 2^53. The quotient,
 * rounded and then lowered by more than any rounding, is less than the true one; so one more than its
 * integer part is at most the first tick at which the loser can be ahead. A node may be looked at too
 * early, never too late.
 *
 * Speed. Which of two lines is ahead is as good as random, and a mispredicted branch costs as much as
 * the rest of a level. So a level has none: who wins, and which tick is the least, is computed with
 * masks. Leaves sorted by slope put lines of almost the same slope together, which seldom overtake:
 * without the order there are ten times as many nodes to look at (measured with 1,000 lines).
 */
export class KineticTournament {
  private readonly lines: Lines;
  private readonly slots: Slots<unknown>;
  /** By node, root 1, children 2i and 2i + 1; leaves are not stored. */
  private readonly winners: Int32Array;
  private readonly expiries: Int32Array;

  /** @param lines spread over a power of two of places, two at least; they may change, not grow. */
  constructor(lines: Lines, slots: Slots<unknown>) {
    this.lines = lines;
    this.slots = slots;
    this.winners = new Int32Array(lines.size);
    this.expiries = new Int32Array(lines.size);
  }

  /** Place of the highest line, at the tick for which the tournament was last brought up to date. */
  get winner(): number {
    return this.winners[1]!;
  }

  /** Brings everything up to date. O(n). */
  rebuild(tick: number): void {
    for (let node = this.winners.length - 1; node >= 1; node--) this.play(node, tick);
  }

  /** Brings everything up to date after the lines from place `from` to place `to` have changed. */
  updateRange(from: number, to: number, tick: number): void {
    const size = this.winners.length;
    let first = (size + from) >> 1;
    let last = (size + to) >> 1;
    while (first >= 1) {
      for (let node = first; node <= last; node++) this.play(node, tick);
      first >>= 1;
      last >>= 1;
    }
  }

  /** Brings everything up to date for `tick`, one more than before or the same, after line `place` changed. */
  update(place: number, tick: number): void {
    const winners = this.winners;
    const expiries = this.expiries;
    const { base, weight, head } = this.lines;
    let best = place;
    let slope = weight[place]!;
    let value = base[place]! + slope * tick;
    let expiry = NEVER;
    let rival = place ^ 1;
    let rivalExpiry = NEVER;
    let node = (winners.length + place) >> 1;
    for (;;) {
      const rivalSlope = weight[rival]!;
      const rivalValue = base[rival]! + rivalSlope * tick;
      let loses = +(rivalValue > value);
      if (rivalValue === value) loses = +this.isOlder(head[rival]!, head[best]!);
      const gap = rivalValue - value;
      const closing = slope - rivalSlope;
      let wait = gap / closing;
      if (wait > NEVER) wait = NEVER;
      const meet = NEVER + (((((wait * LOWER) | 0) + tick + 1 - NEVER) | 0) & -+(wait >= 0));
      expiry = least(least(expiry, rivalExpiry), meet);
      value += gap * loses;
      slope -= closing * loses;
      best ^= (best ^ rival) & -loses;
      winners[node] = best;
      expiries[node] = expiry;
      if (node === 1) break;
      rival = winners[node ^ 1]!;
      rivalExpiry = expiries[node ^ 1]!;
      node >>= 1;
    }
    if (expiry <= tick) this.refresh(tick);
  }

  /** Plays again the nodes whose tick has come, from below, and all above them. */
  private refresh(tick: number): void {
    do {
      for (let node = this.due(tick); node >= 1; node >>= 1) this.play(node, tick);
    } while (this.expiries[1]! <= tick);
  }

  /** A lowest node whose tick has come; the root's has. */
  private due(tick: number): number {
    const expiries = this.expiries;
    let node = 1;
    for (;;) {
      const child = 2 * node;
      if (child >= expiries.length) return node;
      if (expiries[child]! <= tick) node = child;
      else if (expiries[child + 1]! <= tick) node = child + 1;
      else return node;
    }
  }

  /** Decides a node whose children are up to date. */
  private play(node: number, tick: number): void {
    const winners = this.winners;
    const expiries = this.expiries;
    const { base, weight, head } = this.lines;
    const child = 2 * node;
    let left = child - winners.length;
    let right = left + 1;
    let below = NEVER;
    if (left < 0) {
      left = winners[child]!;
      right = winners[child + 1]!;
      below = least(expiries[child]!, expiries[child + 1]!);
    }
    const closing = weight[left]! - weight[right]!;
    const gap = base[right]! - base[left]! - closing * tick;
    let loses = +(gap > 0);
    if (gap === 0) loses = +this.isOlder(head[right]!, head[left]!);
    winners[node] = left ^ ((left ^ right) & -loses);
    let wait = gap / closing;
    if (wait > NEVER) wait = NEVER;
    const meet = NEVER + (((((wait * LOWER) | 0) + tick + 1 - NEVER) | 0) & -+(wait >= 0));
    expiries[node] = least(below, meet);
  }

  private isOlder(a: number, b: number): boolean {
    return this.slots.rank[a]! < this.slots.rank[b]!;
  }
}

/** Later than every tick at which a tournament is asked, and still a small integer with one on top. */
const NEVER = 2 ** 30;
/** Takes off more than the rounding of a quotient and of this product can have added. */
const LOWER = 1 - 2 ** -51;

/** The smaller of two integers less than 2^31 apart, without a branch. */
function least(a: number, b: number): number {
  const difference = (a - b) | 0;
  return (b + (difference & (difference >> 31))) | 0;
}
