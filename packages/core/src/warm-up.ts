/** How a ramp runs. */
export interface WarmUpCurve {
  /** The factor at which it begins, in (0, 1]. Default 0.1. */
  readonly minimum?: number;
  /** Above 1 the ramp rises faster at its beginning, below 1 faster at its end; > 0. Default 1: linear. */
  readonly aggression?: number;
}

/**
 * Returns the share of its weight that an endpoint of age `ageMs` gets: from `minimum` at age 0 to 1
 * from `windowMs` on, never decreasing in between. Envoy's slow start:
 * `max(minimum, (age / window)^(1 / aggression))`.
 *
 * The age is measured by the caller's own monotonic clock; a negative one, from a clock that stepped
 * back, is age 0 (Dubbo takes remote timestamps and gives full weight then).
 */
export function warmUpFactor(
  ageMs: number,
  windowMs: number,
  { minimum = 0.1, aggression = 1 }: WarmUpCurve = {},
): number {
  if (!(ageMs < windowMs)) return 1;
  const progress = Math.max(0, ageMs) / windowMs;
  return Math.max(minimum, progress ** (1 / aggression));
}
