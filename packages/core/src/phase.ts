/** Where to start: these credits, in the order of the keys, and then so many picks that nobody sees. */
export interface Start {
  readonly credits: readonly number[];
  readonly picks: number;
}

/** Cycles up to this length are entered by making the picks before the phase. */
const SHORT_CYCLE = 4_096;

/**
 * Chooses the point of the cycle at which a scheduler starts.
 *
 * A fleet of clients that all start at the beginning send their first calls to the heaviest endpoint.
 * At a uniformly random phase the expected number of picks is exact in every window: `r` picks give
 * `r · weight / total` to each.
 *
 * A short cycle is walked. A long one is entered by a jump: after `phase` picks every key should have
 * had `phase · weight / total`; it gets that rounded down, and the picks left over go to the largest
 * remainders. That may be a state which the true sequence never passes, but picks draw the two
 * together: after twice as many as there are keys they are, with few exceptions, the same.
 *
 * @param weights positive integers, in the order of the keys.
 * @throws {RangeError} if `random` returns something else than a number in [0, 1).
 */
export function startPhase(weights: readonly number[], random: () => number): Start {
  const fraction = draw(random);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cycle = total / weights.reduce(greatestCommonDivisor, 0);
  const walk = Math.max(SHORT_CYCLE, 2 * weights.length);
  if (cycle <= walk) {
    return { credits: weights.map(() => 0), picks: Math.floor(fraction * cycle) };
  }
  return { credits: jump(weights, total, cycle, fraction), picks: 2 * weights.length };
}

/**
 * Chooses the credits of keys that join others: at most half a call either way, so that the clients of a
 * fleet do not all turn to the newcomer at once, nor leave it waiting.
 *
 * @throws {RangeError} if `random` returns something else than a number in [0, 1).
 */
export function scatter(weights: readonly number[], total: number, random: () => number): Start {
  const credits = weights.map(() => Math.trunc((draw(random) - 0.5) * total) + 0); // + 0: never -0
  return { credits, picks: 0 };
}

function draw(random: () => number): number {
  const value = random();
  if (value >= 0 && value < 1) return value;
  throw new RangeError(`random must return a number in [0, 1), got ${String(value)}`);
}

function jump(
  weights: readonly number[],
  total: number,
  cycle: number,
  fraction: number,
): readonly number[] {
  // phase · weight must stay an exact integer. The limit matters only where a cycle is longer than
  // nine billion picks.
  const heaviest = weights.reduce((a, b) => Math.max(a, b), 0);
  const limit = Math.floor(Number.MAX_SAFE_INTEGER / heaviest);
  const phase = Math.floor(fraction * Math.min(cycle, limit));

  const remainders = Float64Array.from(weights, (weight) => (phase * weight) % total);
  let extra = remainders.reduce((sum, remainder) => sum + remainder, 0) / total;
  const threshold = remainders.toSorted()[weights.length - extra] ?? total;
  for (const remainder of remainders) if (remainder > threshold) extra -= 1;
  // `extra` keys at the threshold itself, the earliest ones, get a pick too.
  return Array.from(remainders, (remainder) => {
    if (remainder > threshold) return remainder - total;
    if (remainder === threshold && extra > 0) {
      extra -= 1;
      return remainder - total;
    }
    return remainder;
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
