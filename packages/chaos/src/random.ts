/** Seeded randomness: the same numbers for the same seed, everywhere. */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** `count` different elements, in random order. */
  sample<T>(from: readonly T[], count: number): T[];
}

/** Creates a source of randomness (mulberry32). */
export function createRandom(seed: number): SeededRandom {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number =>
    low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    sample(from, count) {
      const rest = [...from];
      const wanted = Math.min(count, from.length);
      return Array.from({ length: wanted }).flatMap(() => {
        return rest.splice(between(0, rest.length - 1), 1);
      });
    },
  };
}
