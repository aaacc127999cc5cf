/** A promise that was broken, or seems to have been. */
export interface Finding {
  /** Name of the promise. */
  readonly promise: string;
  /** When, in epoch milliseconds. */
  readonly at: number;
  /** Since when what happened may have had its cause. */
  readonly since: number;
  /** What happened, for people. */
  readonly text: string;
}
