/** The class that a slot is in, as the slot knows it: {@link LoadClass} stands above both. */
export interface SlotClass<S> {
  /** Level of one call of its slots. */
  readonly perCall: number;
  /** Slots of the class, queued or not. */
  members: number;
  add(slot: S, calls: number): void;
  remove(slot: S): void;
  /** Puts a slot where it belongs after its credit, or its number of calls, has changed. */
  move(slot: S, calls: number): void;
}
