import type { RefusedPermit } from './permit.ts';

/** A guard did not let the call through: nothing was sent. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  readonly wrrError = 'circuit-open';
  /** `throttled`: an adaptive throttle rejected it. */
  readonly reason: RefusedPermit['reason'] | 'throttled';
  /** Milliseconds until it is worth trying again; 0 when that is not known. */
  readonly retryAfterMs: number;

  constructor(what: string, reason: CircuitOpenError['reason'], retryAfterMs: number) {
    super(`circuit of ${what} is ${reason}: not sent${hint(retryAfterMs)}`);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** There was no endpoint to send the call to. */
export class NoEndpointsError extends Error {
  override readonly name = 'NoEndpointsError';
  readonly wrrError = 'no-endpoints';
  /** Why, in the balancer's words. */
  readonly reason: string;
  /** Milliseconds until it is worth trying again; 0 when that is not known. */
  readonly retryAfterMs: number;

  constructor(reason: string, retryAfterMs: number) {
    super(`no endpoint can be picked (${reason}): not sent${hint(retryAfterMs)}`);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An attempt did not end within `perAttemptTimeoutMs`. */
export class AttemptTimeoutError extends Error {
  override readonly name = 'AttemptTimeoutError';
  readonly wrrError = 'attempt-timeout';
  /** The endpoint that did not answer in time. */
  readonly key: string;

  constructor(key: string, timeoutMs: number) {
    super(`attempt at ${key} did not end within ${timeoutMs} ms`);
    this.key = key;
  }
}

/** A call did not end within `timeoutMs`. Its `cause` is the last attempt's error, if one had failed. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly wrrError = 'deadline-exceeded';

  constructor(timeoutMs: number, attempts: number, cause: unknown) {
    super(`call did not end within ${timeoutMs} ms (${attempts} attempts)`, { cause });
  }
}

/** Says whether `error` is a {@link CircuitOpenError}, also one of another copy of this package. */
export function isCircuitOpenError(error: unknown): error is CircuitOpenError {
  return hasBrand(error, 'circuit-open');
}

/** Says whether `error` is a {@link NoEndpointsError}, also one of another copy of this package. */
export function isNoEndpointsError(error: unknown): error is NoEndpointsError {
  return hasBrand(error, 'no-endpoints');
}

/** Says whether `error` is an {@link AttemptTimeoutError}, also one of another copy of this package. */
export function isAttemptTimeoutError(error: unknown): error is AttemptTimeoutError {
  return hasBrand(error, 'attempt-timeout');
}

/** Says whether `error` is a {@link DeadlineExceededError}, also one of another copy of this package. */
export function isDeadlineExceededError(error: unknown): error is DeadlineExceededError {
  return hasBrand(error, 'deadline-exceeded');
}

function hasBrand(error: unknown, brand: string): boolean {
  return (
    typeof error === 'object' && error !== null && 'wrrError' in error && error.wrrError === brand
  );
}

function hint(retryAfterMs: number): string {
  return retryAfterMs > 0 ? `, retry in ${Math.ceil(retryAfterMs)} ms` : '';
}
