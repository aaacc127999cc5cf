import type { Outcome } from '@wrr/core';
import { type StatusCode, status } from './grpc.ts';
import { show } from './json-reader.ts';

/** Status codes that count against the endpoint that an attempt was made at. */
export type FailureCodes = ReadonlySet<StatusCode>;

/**
 * The default: what Kratos, and with it the Go system, counts as a failure. RESOURCE_EXHAUSTED is not
 * among them, because quotas of single users are told that way, too; add it where servers shed load.
 */
export const defaultFailureCodes: FailureCodes = new Set([
  status.UNKNOWN,
  status.INTERNAL,
  status.DATA_LOSS,
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
]);

/**
 * What grpc-js makes of an HTTP/2 stream that the server cancelled, as it does in `forceShutdown` and
 * when a GOAWAY overtakes a call: not UNAVAILABLE, as other implementations say.
 * https://github.com/grpc/grpc-node/issues/2340
 */
const CANCELLED_BY_SERVER = 'Call cancelled';

/**
 * Tells what the end of one attempt says about its endpoint.
 *
 * CANCELLED says nothing: the caller gave up (`Cancelled on client`) or another hedge won (`Discarded
 * in favor of…`). The exception is a stream that the server itself cancelled.
 */
export function classify(
  code: StatusCode,
  details: string,
  failureCodes: FailureCodes = defaultFailureCodes,
): Outcome {
  if (code === status.CANCELLED) return details === CANCELLED_BY_SERVER ? 'failure' : 'ignored';
  return failureCodes.has(code) ? 'failure' : 'success';
}

/**
 * Metadata of a status that says: nothing was sent, for want of an endpoint. Any call may be sent again.
 */
export const NOT_SENT_KEY = 'wrr-not-sent';

/** Says whether an attempt ended because the server, not the caller, cancelled it. */
export function cancelledByServer(code: StatusCode, details: string): boolean {
  return code === status.CANCELLED && details === CANCELLED_BY_SERVER;
}

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
