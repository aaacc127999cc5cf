import { checkWeight } from './weight.ts';

/** A server that calls can be sent to. */
export interface Endpoint {
  /** Identifies the endpoint within its set. In the gRPC adapters it is the address, `host:port`. */
  readonly key: string;
  /** Relative share of the calls: an integer from 0 (drained) to 1,000,000. */
  readonly weight: number;
  /** Whatever else is known about the endpoint. Never interpreted by core. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * Checks a whole set of endpoints before any of it is used.
 *
 * @throws {TypeError} if a key is not a non-empty string.
 * @throws {RangeError} if a key appears twice or a weight is not an integer from 0 to 1,000,000.
 */
export function checkEndpoints(endpoints: readonly Endpoint[]): void {
  const seen = new Set<string>();
  for (const { key, weight } of endpoints) {
    checkKey(key);
    if (seen.has(key)) throw new RangeError(`endpoint ${key} appears twice in one set`);
    seen.add(key);
    checkWeight(key, weight);
  }
}

function checkKey(key: unknown): void {
  if (typeof key === 'string' && key !== '') return;
  throw new TypeError(`endpoint key must be a non-empty string, got ${JSON.stringify(key)}`);
}
