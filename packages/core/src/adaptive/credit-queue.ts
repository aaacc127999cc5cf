import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';

/**
 * Slots of equal gain, the one with the most credit first: a binary heap by base, ties by rank. Since
 * all gain alike, only a pick or a change can reorder them. Allocates only while it grows.
 */
export class CreditQueue<E extends Endpoint> {
  readonly #slots: (AdaptiveSlot<E> | undefined)[] = [];
  size = 0;

  get first(): AdaptiveSlot<E> | undefined {
    return this.#slots[0];
  }

  add(slot: AdaptiveSlot<E>): void {
    this.#rise(this.size++, slot);
  }

  remove(slot: AdaptiveSlot<E>): void {
    const { place } = slot;
    const last = this.#slots[--this.size];
    this.#slots[this.size] = undefined;
    if (last === undefined || last === slot) return;
    if (place > 0 && this.#isBefore(last, (place - 1) >> 1)) this.#rise(place, last);
    else this.#sink(place, last);
  }

  #isBefore(slot: AdaptiveSlot<E>, place: number): boolean {
    const other = this.#slots[place];
    return other !== undefined && comesBefore(slot, other);
  }

  #rise(from: number, slot: AdaptiveSlot<E>): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(slot, above)) break;
      this.#put(place, this.#slots[above]);
      place = above;
    }
    this.#put(place, slot);
  }

  #sink(from: number, slot: AdaptiveSlot<E>): void {
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      let next = this.#slots[below];
      if (next === undefined) break;
      const other = this.#slots[below + 1];
      if (other !== undefined && comesBefore(other, next)) {
        next = other;
        below++;
      }
      if (comesBefore(slot, next)) break;
      this.#put(place, next);
      place = below;
    }
    this.#put(place, slot);
  }

  #put(place: number, slot: AdaptiveSlot<E> | undefined): void {
    this.#slots[place] = slot;
    if (slot !== undefined) slot.place = place;
  }
}

function comesBefore<E extends Endpoint>(a: AdaptiveSlot<E>, b: AdaptiveSlot<E>): boolean {
  return a.base > b.base || (a.base === b.base && a.rank < b.rank);
}
