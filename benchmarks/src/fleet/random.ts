/** A stream of random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** Uniform between two numbers. */
  between(low: number, high: number): number;
  /** Exponential with this mean. */
  exponential(mean: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * Creates a stream (sfc32, Chris Doty-Humphrey's PractRand). Streams of one seed with different names
 * are independent: what one part of a simulation draws does not shift what another part sees, so that
 * all policies meet the same calls (common random numbers).
 */
export function createStream(seed: number, name: string): RandomStream {
  let a = hash(seed, name, 1);
  let b = hash(seed, name, 2);
  let c = hash(seed, name, 3);
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    exponential: (mean) => -mean * Math.log(1 - next()),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** FNV-1a over the seed and the name. */
function hash(seed: number, name: string, salt: number): number {
  let h = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h | 0;
}
