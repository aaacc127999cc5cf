import { callSafely } from './listeners.ts';

/**
 * Keeps events until the change that caused them is complete. What a listener's own calls bring
 * about is appended, and so told in its turn.
 */
export class EventQueue<T> {
  #events: T[] = [];
  #telling = false;

  push(event: T): void {
    this.#events.push(event);
  }

  /**
   * Tells all events, oldest first. To be called last, so that a listener sees, and can change, a
   * settled state. Called from a listener, does nothing: they are being told.
   */
  tell(listener: ((event: T) => void) | undefined): void {
    if (this.#telling || listener === undefined) return;
    this.#telling = true;
    for (const event of this.#events) callSafely(listener, event);
    this.#events = [];
    this.#telling = false;
  }
}
