/** Where one form of the loop hands over to the next. Found by measurement; small ones serve tests. */
export interface RotationLimits {
  /** Up to so many endpoints the plain loop runs; it comes back at half as many. */
  readonly plainSize: number;
  /** Up to so many different weights are looked at one by one; a tournament ends at half as many. */
  readonly scannedLines: number;
  /** Picks after which lines are moved back to tick 0. At most 2^29: see kinetic-tournament.ts. */
  readonly horizon: number;
  /** How far, in leaves, a free one is looked for before all lines are spread anew. */
  readonly reach: number;
  /** The largest rank before keys are ranked anew. At most 2^32 - 1. */
  readonly lastRank: number;
}

/** The limits in production. */
export const LIMITS: RotationLimits = {
  plainSize: 8,
  scannedLines: 16,
  horizon: 2 ** 29,
  reach: 512,
  lastRank: 2 ** 32 - 1,
};
