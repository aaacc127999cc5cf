import type { FailoverEvent, FailoverRules, RetryBudget, RetryBudgetOptions } from '@wrr/core';
import type { MethodDescriptor, Status } from 'nice-grpc-common';
import type { DeadlineCallOptions } from './deadline-middleware.ts';

/** Call options that {@link failoverMiddleware} adds. */
export interface FailoverCallOptions extends DeadlineCallOptions {
  /** Whether the call may be sent twice. Default: what the middleware's option says. */
  idempotent?: boolean;
  /** Time for one attempt of this call, > 0; Infinity for no limit. Default: the middleware's. */
  perAttemptTimeoutMs?: number;
}

/** Options of {@link failoverMiddleware}. */
export interface FailoverMiddlewareOptions {
  /**
   * Says which methods may be sent twice. Others are never sent again here; what grpc-js knows was not
   * processed, it sends again itself. Default: what `idempotency_level` in the proto file says, which
   * ts-proto hands on.
   */
  readonly idempotent?: (method: MethodDescriptor) => boolean;
  /** Attempts in all, the first included: an integer from 1. Default 3. */
  readonly maxAttempts?: FailoverRules['maxAttempts'];
  /**
   * How long one attempt of an idempotent call may take, > 0, waiting for a connection included; for a
   * streaming response, until its header. Default: none; then a hanging endpoint is not failed over
   * from.
   */
  readonly perAttemptTimeoutMs?: FailoverRules['perAttemptTimeoutMs'];
  /**
   * Status codes after which an idempotent call is sent again. Default: UNAVAILABLE. A timed-out
   * attempt and a call that the server cancelled when it shut down always count.
   */
  readonly retryableCodes?: readonly Status[];
  /**
   * Bounds the retries of all calls of this middleware; one made elsewhere can be shared. Default:
   * 20 % of the calls and 10 a second. `false` for none.
   */
  readonly budget?: RetryBudget | RetryBudgetOptions | false;
  /** Waits before retries. Default: 25 ms, doubling up to 250 ms, ± 20 %. */
  readonly backoff?: FailoverRules['backoff'];
  /** Source of randomness for the waits' jitter, uniform in [0, 1). Default: `Math.random`. */
  readonly random?: FailoverRules['random'];
  /**
   * How many messages of a request stream are kept for another attempt. With the next one, the call
   * stays with the attempt it is at. An integer from 0; default 16.
   */
  readonly replayMessages?: number;
  /** Told of every retry, and why there was none. What it throws is dropped. */
  readonly onEvent?: (event: FailoverEvent & { readonly path: string }) => void;
}
