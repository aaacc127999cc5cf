import type { Endpoint } from '../endpoint.ts';
import type { EndpointState } from '../endpoint-state.ts';
import { AdaptiveSlot } from './adaptive-slot.ts';

/** The slots of a set, found by the number that each endpoint's state carries. */
export class SlotTable<E extends Endpoint> {
  readonly #random: (() => number) | undefined;
  readonly #places: (AdaptiveSlot<E> | undefined)[] = [];
  /** Places that are free again. */
  readonly #free: number[] = [];
  #joined = 0;
  readonly all: Set<AdaptiveSlot<E>> = new Set();

  constructor(random: (() => number) | undefined) {
    this.#random = random;
  }

  of(state: EndpointState<E>): AdaptiveSlot<E> | undefined {
    return this.#places[state.slot];
  }

  add(state: EndpointState<E>): void {
    if (this.of(state) !== undefined) return;
    const slot = new AdaptiveSlot(state, this.#random?.() ?? this.#joined++);
    state.slot = this.#free.pop() ?? this.#places.length;
    this.#places[state.slot] = slot;
    this.all.add(slot);
  }

  remove(state: EndpointState<E>): void {
    const slot = this.of(state);
    if (slot === undefined) return;
    this.#places[state.slot] = undefined;
    this.#free.push(state.slot);
    state.slot = -1;
    this.all.delete(slot);
  }
}
