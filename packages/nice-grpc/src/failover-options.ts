import {
  createRetryBudget,
  type FailoverDecision,
  type FailoverEvent,
  type FailoverRules,
  planFailover,
  type RetryBudget,
  type RetryBudgetOptions,
} from '@wrr/core';
import { type MethodDescriptor, Status } from 'nice-grpc-common';
import type { DeadlineCallOptions } from './deadline-middleware.ts';
import { HeldBack } from './held-back.ts';

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

/** A failover's settings, checked. */
export interface FailoverSettings {
  readonly idempotent: (method: MethodDescriptor) => boolean;
  readonly perAttemptTimeoutMs: number;
  readonly retryableCodes: ReadonlySet<Status>;
  readonly budget: RetryBudget | undefined;
  readonly replayMessages: number;
  /** Begins the decisions about one call. */
  readonly decide: () => FailoverDecision;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function completeFailover(options: FailoverMiddlewareOptions): FailoverSettings {
  const { idempotent, retryableCodes, replayMessages = 16, onEvent: _, ...rules } = options;
  if (!Number.isInteger(replayMessages) || replayMessages < 0) {
    throw new RangeError(`replayMessages must be an integer >= 0, got ${String(replayMessages)}`);
  }
  const budget = budgetOf(rules.budget);
  return {
    idempotent: idempotent ?? isIdempotent,
    perAttemptTimeoutMs: rules.perAttemptTimeoutMs ?? Number.POSITIVE_INFINITY,
    retryableCodes: new Set(retryableCodes ?? [Status.UNAVAILABLE]),
    budget,
    replayMessages,
    decide: planFailover({
      random: Math.random,
      ...rules,
      budget,
      // One that was made elsewhere pays for everything, as whoever made it expects.
      unsentBudget: budget === rules.budget ? undefined : budgetOf(rules.budget),
      retryable: () => true, // asked before
      pushback: (held) => (held instanceof HeldBack ? held.pushback : undefined),
    }),
  };
}

function budgetOf(budget: FailoverMiddlewareOptions['budget'] = {}): RetryBudget | undefined {
  if (budget === false) return undefined;
  return 'withdraw' in budget ? budget : createRetryBudget(budget);
}

function isIdempotent({ options: { idempotencyLevel } }: MethodDescriptor): boolean {
  return idempotencyLevel === 'IDEMPOTENT' || idempotencyLevel === 'NO_SIDE_EFFECTS';
}
