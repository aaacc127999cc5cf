/** The header by which a gRPC client tells the server how long it will wait. */
export const TIMEOUT_KEY = 'grpc-timeout';

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);
const MOST = 99_999_999;

/**
 * Writes a timeout as gRPC does, with at most eight digits and a unit: in milliseconds, rounded up, or
 * in seconds from a day on. At least a millisecond, at most 99,999,999 seconds.
 */
export function formatTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  return whole <= MOST ? `${whole}m` : `${Math.min(MOST, Math.ceil(whole / 1_000))}S`;
}

/** Reads a timeout, in milliseconds. Infinity for what is not one: the call then has no deadline. */
export function parseTimeoutMs(text: string): number {
  const [, digits, unit = ''] = TIMEOUT.exec(text) ?? [];
  return digits === undefined
    ? Number.POSITIVE_INFINITY
    : Number(digits) * (UNIT_MS.get(unit) ?? 1);
}
