/** Options of {@link quantiseWeights}. */
export interface QuantiseOptions {
  /** Largest number of different weights in the result: an integer from 2 to 1,024. Default 64. */
  readonly steps?: number;
  /** Heaviest over lightest weight in the result: from 2 to 10,000. Default 256. Lighter ones are raised. */
  readonly range?: number;
}

/**
 * Rounds measured weights to a few steps, so that a scheduler finds equal ones among them.
 *
 * A pick costs by the number of different weights, and weights that somebody measured are all
 * different. Each is rounded to a power of `range ** (1 / (steps - 1))`, and all are scaled to integers
 * below 1,000,000. Proportions are off by at most the square root of that power and the rounding to
 * integers: by 4.6 % with the defaults. Weights below the heaviest over `range` are raised to that.
 *
 * The steps do not depend on the other weights, but the scale doubles or halves as the heaviest crosses
 * a power of two. O(n).
 *
 * @param weights finite numbers of at least 0; 0 stays 0.
 * @throws {RangeError} naming the weight or option that is wrong.
 */
export function quantiseWeights(
  weights: readonly number[],
  { steps = 64, range = 256 }: QuantiseOptions = {},
): number[] {
  if (!(Number.isInteger(steps) && steps >= 2 && steps <= 1_024)) {
    throw new RangeError(`steps must be an integer from 2 to 1024, got ${String(steps)}`);
  }
  if (!(range >= 2 && range <= 10_000)) {
    throw new RangeError(`range must be a number from 2 to 10000, got ${String(range)}`);
  }
  for (const [i, weight] of weights.entries()) {
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new RangeError(`weights[${i}] must be a finite number >= 0, got ${String(weight)}`);
    }
  }
  const step = Math.log(range) / (steps - 1);
  const exponent = (weight: number) => Math.round(Math.log(weight) / step);
  const top = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const highest = exponent(top);
  // The heaviest lands between 500,000 and 1,000,000.
  const scale = Math.floor(Math.log2(1_000_000) - (highest * step) / Math.LN2);
  return weights.map((weight) => {
    if (weight === 0) return 0;
    const rounded = Math.max(exponent(weight), highest - steps + 1) * step;
    return Math.max(1, Math.round(2 ** (rounded / Math.LN2 + scale)));
  });
}
