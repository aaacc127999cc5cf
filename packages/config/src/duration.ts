const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h)$/;

/**
 * Reads a duration as settings files write it: `250ms`, `10s`, `1.5m`, `1h`.
 *
 * @returns milliseconds, or `undefined` if `text` is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/**
 * Writes a duration as gRPC's service configs do: decimal seconds, such as `0.25s`, at most nine
 * decimals. No other unit is legal there.
 */
export function grpcDuration(ms: number): string {
  const decimals = (ms / 1_000).toFixed(9);
  return `${decimals.replace(/\.?0+$/, '')}s`;
}

/** Milliseconds of a duration that has passed validation. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`not a duration: ${JSON.stringify(text)}`);
  return ms;
}
