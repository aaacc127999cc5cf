import { clamp, quantize } from './numbers.ts';

/** The least that latency leaves of a weight. */
const LEAST_BY_LATENCY = 1 / 32;

/**
 * What a latency makes of its endpoint's weight, in [1/32, 1].
 *
 * Within `deadBand` times the median it is 1, so that noise and small differences change no shares;
 * above, it is the median divided by the latency, squared. Calls in proportion to its speed would be
 * too many for a slow endpoint while others have room: of several servers the fast ones should be
 * filled first, and a slow one gets its share of the work only when all are busy. Then load levels,
 * which are by weight as well, bring it back in.
 */
export function latencyMultiplier(latencyMs: number, median: number, deadBand: number): number {
  if (!(latencyMs > deadBand * median)) return 1;
  return clamp(quantize((median / latencyMs) ** 2), LEAST_BY_LATENCY, 1);
}

const LEAST_BY_CAPACITY = 1 / 16;
const MOST_BY_CAPACITY = 8;
/** A multiplier stays unless it is wrong by more than this. */
const TOLERANCE = 0.12;
/** A weight that is this near to right is right. */
const SNAP = 0.14;

/**
 * What reported capacity makes of a weight, in [1/16, 8].
 *
 * @param ratio capacity by weight, divided by its median over the set.
 * @param current the multiplier in force.
 */
export function capacityMultiplier(ratio: number, current: number): number {
  const bounded = clamp(ratio, LEAST_BY_CAPACITY, MOST_BY_CAPACITY);
  if (Math.abs(bounded - 1) <= SNAP) return 1;
  if (Math.abs(bounded / current - 1) <= TOLERANCE) return current;
  return clamp(quantize(bounded), LEAST_BY_CAPACITY, MOST_BY_CAPACITY);
}
