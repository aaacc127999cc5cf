import type { Outcome } from './outcome.ts';

const CANCELLED = 1;

/**
 * Numbers of gRPC's status codes that count against an endpoint unless told otherwise: UNKNOWN,
 * DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS. It is what Kratos, and with it the Go system,
 * counts as a failure. RESOURCE_EXHAUSTED is not among them, because quotas of single users are told that
 * way, too; add it where servers shed load.
 */
export const FAILURE_STATUS_CODES: ReadonlySet<number> = new Set([2, 4, 13, 14, 15]);

/**
 * Tells what the status that an attempt ended with says about its endpoint.
 *
 * CANCELLED says nothing: the caller gave up (`Cancelled on client`) or another hedge won (`Discarded
 * in favor of…`). The exception is a call that the server itself cancelled.
 */
export function outcomeOfStatus(
  code: number,
  details: string,
  failureCodes: ReadonlySet<number> = FAILURE_STATUS_CODES,
): Outcome {
  if (code === CANCELLED) return isCancelledByServer(code, details) ? 'failure' : 'ignored';
  return failureCodes.has(code) ? 'failure' : 'success';
}

/**
 * Says whether a call ended because the server, not the caller, cancelled it, as grpc-js servers do to
 * open calls in `forceShutdown`, and when a GOAWAY overtakes a call. Other implementations say
 * UNAVAILABLE. https://github.com/grpc/grpc-node/issues/2340
 */
export function isCancelledByServer(code: number, details: string): boolean {
  return code === CANCELLED && details === 'Call cancelled';
}
