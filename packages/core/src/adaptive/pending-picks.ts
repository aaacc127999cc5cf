import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';

/** Length of an epoch. */
const EPOCH_MS = 1_000;

/**
 * Counts picks that have not started yet.
 *
 * They are load already: a burst of calls within one turn of the event loop would otherwise go to one
 * endpoint. But not every pick starts, and not every one that does not is ended: adapters drop calls
 * that are cancelled in between. A pick is therefore forgotten after one to two seconds, and counts
 * again should it start after all.
 */
export class PendingPicks<E extends Endpoint> {
  /** Number of the epoch; every pick is of one. */
  epoch = 1;
  #startedAt = 0;

  add(slot: AdaptiveSlot<E>): void {
    slot.pickedNow++;
  }

  /** Takes a pick back, because it has started or ended. Says whether it still counted. */
  remove(slot: AdaptiveSlot<E>, epoch: number): boolean {
    if (epoch === this.epoch && slot.pickedNow > 0) slot.pickedNow--;
    else if (epoch === this.epoch - 1 && slot.pickedBefore > 0) slot.pickedBefore--;
    else return false;
    return true;
  }

  /** Starts a new epoch when this one is over, and forgets what is too old. O(n) once a second. */
  tick(
    now: number,
    slots: Iterable<AdaptiveSlot<E>>,
    forgotten: (slot: AdaptiveSlot<E>) => void,
  ): void {
    const age = now - this.#startedAt;
    if (age < EPOCH_MS) return;
    // After a long silence this epoch's picks, too, are too old.
    const forgetsAll = age >= 2 * EPOCH_MS;
    this.#startedAt = now;
    this.epoch += forgetsAll ? 2 : 1;
    for (const slot of slots) {
      const changes = slot.pickedBefore > 0 || (forgetsAll && slot.pickedNow > 0);
      slot.pickedBefore = forgetsAll ? 0 : slot.pickedNow;
      slot.pickedNow = 0;
      if (changes) forgotten(slot);
    }
  }
}
