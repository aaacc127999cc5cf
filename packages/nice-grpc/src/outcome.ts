import { isCircuitOpenError, type Outcome } from '@wrr/core';
import { isAbortError } from 'abort-controller-x';
import { ClientError, Status } from 'nice-grpc-common';

/**
 * Status codes that count as failures unless told otherwise: the same as for endpoints in
 * `@wrr/grpc-js`. RESOURCE_EXHAUSTED is not among them, because quotas of single users are told that
 * way, too.
 */
export const defaultFailureCodes: readonly Status[] = [
  Status.UNKNOWN,
  Status.INTERNAL,
  Status.DATA_LOSS,
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
];

/**
 * Returns what an error is about. A call that was aborted rejects with the signal's reason or with an
 * `AbortError`, depending on its kind and on the version of nice-grpc; the reason says more.
 */
export function causeOf(error: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted === true && isAbortError(error) ? signal.reason : error;
}

/**
 * Tells what the error that a call ended with says about its server. Nothing, if the caller aborted,
 * if nothing was sent, or if it was thrown by a middleware or by the stream of requests.
 */
export function outcomeOf(
  error: unknown,
  signal: AbortSignal | undefined,
  failureCodes: ReadonlySet<Status>,
): Outcome {
  const cause = causeOf(error, signal);
  if (!(cause instanceof ClientError) || isCircuitOpenError(cause)) return 'ignored';
  if (cause.code === Status.CANCELLED) return isCancelledByServer(cause) ? 'failure' : 'ignored';
  return failureCodes.has(cause.code) ? 'failure' : 'success';
}

/**
 * Says whether the server itself cancelled the call, as grpc-js servers do to open calls when they
 * shut down: other implementations say UNAVAILABLE.
 * https://github.com/grpc/grpc-node/issues/2340
 */
export function isCancelledByServer({ code, details }: ClientError): boolean {
  return code === Status.CANCELLED && details === 'Call cancelled';
}
