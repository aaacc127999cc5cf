import type { CircuitOpenError } from '@wrr/core';
import { ClientError, Status } from 'nice-grpc-common';

/**
 * A call that {@link circuitBreakerMiddleware} did not let through: a `ClientError` with code
 * UNAVAILABLE. Core's `isCircuitOpenError` recognises it by its brand.
 */
export class CircuitOpenClientError extends ClientError {
  readonly wrrError = 'circuit-open';
  /** `throttled`: the adaptive throttle rejected it; otherwise the circuit breaker. */
  readonly reason: CircuitOpenError['reason'];
  /** Milliseconds until it is worth trying again; 0 when that is not known. */
  readonly retryAfterMs: number;

  constructor(path: string, reason: CircuitOpenError['reason'], retryAfterMs: number) {
    const hint = retryAfterMs > 0 ? `, retry in ${Math.ceil(retryAfterMs)} ms` : '';
    super(path, Status.UNAVAILABLE, `not sent: circuit is open (${reason})${hint}`);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
