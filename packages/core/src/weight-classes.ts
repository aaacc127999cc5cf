// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction, and `?? 0` costs 8 % of a pick
import { KineticTournament } from './kinetic-tournament.ts';
import { Lines } from './lines.ts';
import { nearestBefore, precedes } from './queue-order.ts';
import type { Rotation } from './rotation.ts';
import type { RotationLimits } from './rotation-limits.ts';
import type { Slots } from './slots.ts';

/**
 * The same loop at the cost of the number of different weights, by three observations:
 *
 * 1. Nothing but a win changes a credit other than by its weight. So the credit at tick `t` (the number
 *    of picks so far) is `base + weight · t`, and only the winner's base has to be written: it falls by
 *    the total. Bases are integers below 2^53, so this is exact, whatever the order of operations.
 * 2. Endpoints of one weight gain alike, so their order by credit changes only when one of them wins.
 *    They form a queue by base (ties by rank), and only its first can win the next pick.
 * 3. Who has won has the least credit of its queue as a rule, and so goes to its end: as the queue is a
 *    ring, the next one just becomes its first. Where that is wrong (credits carried over from other
 *    totals), it is put where it belongs.
 *
 * What remains is to find the highest of the lines `base + weight · t` of the queues' firsts: one by
 * one if they are few, else by a {@link KineticTournament}.
 */
export class WeightClasses implements Rotation {
  size = 0;
  totalWeight = 0;
  private readonly slots: Slots<unknown>;
  private readonly limits: RotationLimits;
  private readonly lines = new Lines();
  /** Left out while the lines are few, and from a large change of places to the next pick. */
  private tournament: KineticTournament | undefined;
  /** Whether the next pick has to make a tournament. */
  private isDue = false;
  /** Picks since the lines' origin. */
  private now = 0;

  constructor(slots: Slots<unknown>, limits: RotationLimits) {
    this.slots = slots;
    this.limits = limits;
  }

  pick(): number {
    if (this.size === 0) return -1;
    if (this.now === this.limits.horizon) this.rebase();
    const { credit, rank, next, previous } = this.slots;
    const tick = this.now + 1;
    if (this.isDue) this.setUp(tick);
    const { base, head } = this.lines;
    this.now = tick;
    const tournament = this.tournament;
    const line = tournament === undefined ? this.scan(tick) : tournament.winner;
    const slot = head[line]!;
    const paid = base[line]! - this.totalWeight;
    credit[slot] = paid;
    const second = next[slot]!;
    if (second === slot) {
      base[line] = paid;
    } else {
      head[line] = second;
      base[line] = credit[second]!;
      const last = previous[slot]!;
      const lowest = credit[last]!;
      if (lowest < paid || (lowest === paid && rank[last]! > rank[slot]!)) {
        this.unlink(slot);
        this.enqueue(line, slot);
      }
    }
    if (tournament !== undefined) tournament.update(line, tick + 1);
    return slot;
  }

  members(): number[] {
    return Array.from({ length: this.lines.size }, (_, line) => this.queue(line)).flat();
  }

  add(slot: number): void {
    const { weight, credit, next, previous } = this.slots;
    credit[slot]! -= weight[slot]! * this.now;
    this.size += 1;
    this.totalWeight += weight[slot]!;
    let line = this.lines.find(weight[slot]!);
    if (line >= 0) {
      this.enqueue(line, slot);
      if (this.lines.head[line] === slot) this.tournament?.update(line, this.now + 1);
      return;
    }
    next[slot] = slot;
    previous[slot] = slot;
    line = this.lines.open(weight[slot]!, this.limits.reach);
    this.lines.head[line] = slot;
    this.lines.base[line] = credit[slot]!;
    this.renew(this.lines.changedFrom, this.lines.changedTo);
  }

  remove(slot: number): void {
    const { weight, credit, next } = this.slots;
    const line = this.lines.find(weight[slot]!);
    const wasHead = this.lines.head[line] === slot;
    const second = next[slot]!;
    this.unlink(slot);
    next[slot] = -1;
    credit[slot] = this.credit(slot);
    this.size -= 1;
    this.totalWeight -= weight[slot]!;
    if (second === slot) {
      this.lines.close(line);
      if (this.lines.count * 2 < this.limits.scannedLines) {
        this.tournament = undefined;
        this.isDue = false;
        if (this.lines.isSpread) this.lines.pack();
      }
    } else if (wasHead) {
      this.lines.head[line] = second;
      this.lines.base[line] = credit[second]!;
    } else {
      return;
    }
    this.tournament?.update(line, this.now + 1);
  }

  credit(slot: number): number {
    return this.slots.credit[slot]! + this.slots.weight[slot]! * this.now;
  }

  recredit(change: (credit: number, slot: number) => number): void {
    this.eachQueue((slots) => {
      for (const slot of slots) {
        const changed = change(this.credit(slot), slot);
        this.slots.credit[slot] = changed - this.slots.weight[slot]! * this.now;
      }
      slots.sort((a, b) => (precedes(this.slots, a, b) ? -1 : 1));
    });
  }

  /** Moves the lines' origin to now, long before `weight · tick` could leave the exact integers. */
  private rebase(): void {
    const picks = this.now;
    this.now = 0;
    this.eachQueue((slots) => {
      for (const slot of slots) this.slots.credit[slot]! += this.slots.weight[slot]! * picks;
    });
  }

  /** Lets `change` alter and reorder every queue, and puts everything together again. */
  private eachQueue(change: (slots: number[]) => void): void {
    const { next, previous, credit } = this.slots;
    const { head, base, size } = this.lines;
    for (let line = 0; line < size; line++) {
      const queue = this.queue(line);
      if (queue.length === 0) continue;
      change(queue);
      let last = queue.at(-1)!;
      for (const slot of queue) {
        next[last] = slot;
        previous[slot] = last;
        last = slot;
      }
      head[line] = queue[0]!;
      base[line] = credit[queue[0]!]!;
    }
    this.tournament?.rebuild(this.now + 1);
  }

  private queue(line: number): number[] {
    const { next } = this.slots;
    const first = this.lines.head[line]!;
    if (first < 0) return [];
    const queue = [first];
    for (let slot = next[first]!; slot !== first; slot = next[slot]!) queue.push(slot);
    return queue;
  }

  private setUp(tick: number): void {
    if (!this.lines.isSpread) this.lines.spread();
    this.tournament = new KineticTournament(this.lines, this.slots);
    this.tournament.rebuild(tick);
    this.isDue = false;
  }

  /** Place of the highest line. */
  private scan(tick: number): number {
    const { base, weight, head, size } = this.lines;
    const { rank } = this.slots;
    let best = 0;
    let most = base[0]! + weight[0]! * tick;
    for (let line = 1; line < size; line++) {
      const value = base[line]! + weight[line]! * tick;
      if (value < most) continue;
      if (value > most || rank[head[line]!]! < rank[head[best]!]!) {
        best = line;
        most = value;
      }
    }
    return best;
  }

  /** Puts `slot` into the queue of `line`. */
  private enqueue(line: number, slot: number): void {
    const { credit, next, previous } = this.slots;
    const { head, base } = this.lines;
    const first = head[line]!;
    let before = previous[first]!;
    if (precedes(this.slots, slot, first)) {
      head[line] = slot;
      base[line] = credit[slot]!;
    } else {
      for (let steps = 0; steps < NEAR_END && precedes(this.slots, slot, before); steps++) {
        before = previous[before]!;
      }
      if (precedes(this.slots, slot, before)) {
        before = nearestBefore(this.slots, first, slot);
        while (precedes(this.slots, next[before]!, slot)) before = next[before]!;
      }
    }
    const after = next[before]!;
    next[before] = slot;
    previous[slot] = before;
    next[slot] = after;
    previous[after] = slot;
  }

  private unlink(slot: number): void {
    const { next, previous } = this.slots;
    next[previous[slot]!] = next[slot]!;
    previous[next[slot]!] = previous[slot]!;
  }

  /** Brings the tournament up to date after lines were moved, or leaves that to the next pick. */
  private renew(from: number, to: number): void {
    if (this.tournament === undefined) {
      this.isDue = this.lines.count > this.limits.scannedLines;
    } else if ((to - from) * 4 < this.lines.size) {
      this.tournament.updateRange(from, to, this.now + 1);
    } else {
      this.tournament = undefined;
      this.isDue = true;
    }
  }
}

/** So many places from its end a queue is searched first: who has just been picked is there. */
const NEAR_END = 8;
