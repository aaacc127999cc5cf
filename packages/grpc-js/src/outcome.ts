import { type StatusCode, status } from './grpc.ts';
import { show } from './json-reader.ts';

/** Status codes that count against the endpoint that an attempt was made at. */
export type FailureCodes = ReadonlySet<number>;

/**
 * Metadata of a status that says: nothing was sent, for want of an endpoint. Any call may be sent again.
 */
export const NOT_SENT_KEY = 'wrr-not-sent';

/**
 * Reads a list of status names.
 *
 * @throws {TypeError} naming the entry that is no status code.
 */
export function parseStatusCodes(value: unknown, path: string): ReadonlySet<StatusCode> {
  if (!Array.isArray(value)) {
    throw new TypeError(`${path} must be a list of status names, got ${show(value)}`);
  }
  return new Set(value.map((name: unknown, index) => statusCode(name, `${path}[${index}]`)));
}

/** Reads the name of a status, such as `UNAVAILABLE`; OK and CANCELLED have a fixed meaning here. */
export function statusCode(name: unknown, path: string): StatusCode {
  const code =
    typeof name === 'string' ? Object.entries(status).find(([key]) => key === name) : null;
  if (typeof code?.[1] === 'number' && code[1] > status.CANCELLED) return code[1];
  throw new TypeError(
    `${path} must be the name of a status code other than OK and CANCELLED, got ${show(name)}`,
  );
}
