/** A promise that was broken. */
export interface Finding {
  /** Name of the promise. */
  readonly promise: string;
  /** When, in epoch milliseconds. */
  readonly at: number;
  /** What happened, for people. */
  readonly text: string;
}
