import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { CreditQueue } from './credit-queue.ts';
import type { SlotClass } from './slot-class.ts';

/** Slots of one gain and one level per call, in queues by their number of calls. */
export class LoadClass<E extends Endpoint> implements SlotClass<AdaptiveSlot<E>> {
  readonly gain: number;
  readonly perCall: number;
  readonly #queues: CreditQueue<E>[] = [];
  /** Slots of the class, queued or not. */
  members = 0;
  /** Slots in its queues. */
  size = 0;
  /** The lowest number of calls among those, while there are any. */
  fewest = 0;

  constructor(gain: number, perCall: number) {
    this.gain = gain;
    this.perCall = perCall;
  }

  /** The slot with the most credit among those with so many calls. */
  first(calls: number): AdaptiveSlot<E> | undefined {
    return this.#queues[calls]?.first;
  }

  add(slot: AdaptiveSlot<E>, calls: number): void {
    this.#queue(calls)?.add(slot);
    slot.queued = calls;
    if (this.size === 0 || calls < this.fewest) this.fewest = calls;
    this.size++;
  }

  remove(slot: AdaptiveSlot<E>): void {
    this.#queues[slot.queued]?.remove(slot);
    slot.queued = -1;
    this.size--;
    this.#findFewest();
  }

  /** Puts a slot where it belongs after its credit, or its number of calls, has changed. */
  move(slot: AdaptiveSlot<E>, calls: number): void {
    this.#queues[slot.queued]?.remove(slot);
    this.#queue(calls)?.add(slot);
    slot.queued = calls;
    if (calls < this.fewest) this.fewest = calls;
    this.#findFewest();
  }

  #findFewest(): void {
    if (this.size === 0) return;
    while (this.#queues[this.fewest]?.size === 0) this.fewest++;
  }

  #queue(calls: number): CreditQueue<E> | undefined {
    while (this.#queues.length <= calls) this.#queues.push(new CreditQueue());
    return this.#queues[calls];
  }
}
