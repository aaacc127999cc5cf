/** The largest weight an endpoint can have. Keeps every credit an exact integer in a double. */
export const MAX_WEIGHT = 1_000_000;

/** Says whether `weight` is an integer from 0 to {@link MAX_WEIGHT}. */
export function isWeight(weight: unknown): weight is number {
  return (
    typeof weight === 'number' && Number.isInteger(weight) && 0 <= weight && weight <= MAX_WEIGHT
  );
}

/**
 * Checks one weight.
 *
 * @throws {RangeError} naming the key and the value.
 */
export function checkWeight(key: unknown, weight: unknown): void {
  if (isWeight(weight)) return;
  throw new RangeError(
    `weight of ${String(key)} must be an integer from 0 to ${MAX_WEIGHT}, got ${String(weight)}`,
  );
}
