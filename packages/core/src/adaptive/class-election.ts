import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import type { Election } from './election.ts';
import { LoadClass } from './load-class.ts';
import type { SlotClass } from './slot-class.ts';

/**
 * The same winner at a cost that does not grow with the set: O(different weights + log n).
 *
 * Slots of one weight differ in calls and in credit only. By calls they are in queues, so the lowest
 * level of a class is that of its first queue with anybody in it; within a queue all levels and gains
 * are equal, so its first by credit stands for all. A pick looks at the first of the lowest queue of
 * each class (and of the next ones, with a `slack` of a call or more). A slot whose level ages, and so
 * is no whole number of calls, is looked at on its own.
 */
export class ClassElection<E extends Endpoint> implements Election<E> {
  /** Classes that have or had slots, and the same by their level per call. */
  readonly #classes: LoadClass<E>[] = [];
  readonly #byLevel = new Map<number, LoadClass<E>>();
  readonly #aging: AdaptiveSlot<E>[] = [];

  /** Number of different weights. */
  get classes(): number {
    return this.#classes.length;
  }

  fill(slots: readonly AdaptiveSlot<E>[]): void {
    this.#classes.length = 0;
    this.#byLevel.clear();
    this.#aging.length = 0;
    for (const slot of slots) {
      slot.loadClass = this.#classOf(slot);
      this.#enter(slot, slot.loadClass);
    }
  }

  moved(slot: AdaptiveSlot<E>): void {
    const { loadClass } = slot;
    if (loadClass === undefined || slot.isHeld) return;
    if (slot.queued >= 0 && !slot.ages) loadClass.move(slot, slot.calls);
    else if (slot.queued >= 0 || !slot.ages) {
      this.#leave(slot, loadClass);
      this.#enter(slot, loadClass);
    }
  }

  reweighed(slot: AdaptiveSlot<E>): void {
    const { loadClass } = slot;
    if (loadClass === undefined) return;
    this.#leave(slot, loadClass);
    if (--loadClass.members === 0) {
      this.#byLevel.delete(loadClass.perCall);
      const place = this.#classes.findIndex((other) => other === loadClass);
      if (place >= 0) this.#classes.splice(place, 1);
    }
    slot.loadClass = this.#classOf(slot);
    this.#enter(slot, slot.loadClass);
  }

  hold(slot: AdaptiveSlot<E>): void {
    if (slot.loadClass !== undefined) this.#leave(slot, slot.loadClass);
    slot.isHeld = true;
  }

  release(slot: AdaptiveSlot<E>): void {
    slot.isHeld = false;
    if (slot.loadClass !== undefined) this.#enter(slot, slot.loadClass);
  }

  winner(slack: number, picks: number): AdaptiveSlot<E> | undefined {
    let lowest = Number.POSITIVE_INFINITY;
    let reach = Number.POSITIVE_INFINITY;
    for (const { size, fewest, perCall } of this.#classes) {
      if (size === 0) continue;
      const level = fewest * perCall;
      if (level < lowest) lowest = level;
      if (level + slack * perCall < reach) reach = level + slack * perCall;
    }
    for (const { level, perCall } of this.#aging) {
      if (level < lowest) lowest = level;
      if (level + slack * perCall < reach) reach = level + slack * perCall;
    }
    let winner: AdaptiveSlot<E> | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const loadClass of this.#classes) {
      if (loadClass.size === 0) continue;
      const { perCall, gain } = loadClass;
      const limit = Math.max(reach, lowest + slack * perCall);
      for (let calls = loadClass.fewest; calls * perCall <= limit; calls++) {
        const slot = loadClass.first(calls);
        if (slot === undefined) continue;
        const bid = slot.base + gain * picks;
        if (bid < most || (bid === most && winner !== undefined && slot.rank > winner.rank))
          continue;
        winner = slot;
        most = bid;
      }
    }
    for (const slot of this.#aging) {
      const { level, perCall } = slot;
      if (level > reach && level > lowest + slack * perCall) continue;
      const bid = slot.base + slot.gain * picks;
      if (bid < most || (bid === most && winner !== undefined && slot.rank > winner.rank)) continue;
      winner = slot;
      most = bid;
    }
    return winner;
  }

  #classOf({ gain, perCall }: AdaptiveSlot<E>): LoadClass<E> {
    let loadClass = this.#byLevel.get(perCall);
    if (loadClass === undefined) {
      loadClass = new LoadClass(gain, perCall);
      this.#byLevel.set(perCall, loadClass);
      this.#classes.push(loadClass);
    }
    loadClass.members++;
    return loadClass;
  }

  #enter(slot: AdaptiveSlot<E>, loadClass: SlotClass<AdaptiveSlot<E>>): void {
    if (!slot.ages) {
      loadClass.add(slot, slot.calls);
      return;
    }
    slot.queued = -1;
    slot.place = this.#aging.length;
    this.#aging.push(slot);
  }

  #leave(slot: AdaptiveSlot<E>, loadClass: SlotClass<AdaptiveSlot<E>>): void {
    if (slot.queued >= 0) {
      loadClass.remove(slot);
      return;
    }
    const last = this.#aging.pop();
    if (last === undefined || last === slot) return;
    this.#aging[slot.place] = last;
    last.place = slot.place;
  }
}
