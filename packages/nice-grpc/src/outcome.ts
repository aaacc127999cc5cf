import { isCircuitOpenError, type Outcome, outcomeOfStatus } from '@wrr/core';
import { isAbortError } from 'abort-controller-x';
import { ClientError } from 'nice-grpc-common';

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
  failureCodes: ReadonlySet<number>,
): Outcome {
  const cause = causeOf(error, signal);
  if (!(cause instanceof ClientError) || isCircuitOpenError(cause)) return 'ignored';
  return outcomeOfStatus(cause.code, cause.details, failureCodes);
}
