/** How a wait grows from one try to the next. */
export interface Backoff {
  /** The first wait, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait before jitter, in milliseconds. */
  readonly maxMs: number;
  /** What each wait is multiplied by to give the next, from 1. */
  readonly multiplier: number;
  /** Share by which a wait is spread to both sides, from 0 to 1: 0.2 gives 0.8 to 1.2 of it. */
  readonly jitter: number;
}

/**
 * Returns the wait before try number `n` (from 1), in milliseconds: `initialMs × multiplier^(n − 1)`,
 * at most `maxMs`, spread by the jitter. `sample` is uniform in [0, 1); 0.5 gives the middle.
 *
 * Finite and bounded for every `n`, and never decreasing in `n` for the same sample (gRFC A6; the
 * overflow to Infinity is what `Math.min` cuts off).
 */
export function backoffMs(n: number, sample: number, backoff: Backoff): number {
  const { initialMs, maxMs, multiplier, jitter } = backoff;
  const wait = Math.min(initialMs * multiplier ** (n - 1), maxMs);
  return wait * (1 + jitter * (2 * sample - 1));
}

/** Draws a sample for {@link backoffMs}: the middle when there is no randomness, or none to be trusted. */
export function drawSample(random: (() => number) | undefined): number {
  const sample = random?.() ?? 0.5;
  return sample >= 0 && sample < 1 ? sample : 0.5;
}
