import {
  type Backoff,
  type FailoverDecision,
  isCancelledByServer,
  planFailover,
  REFUSED_KEY,
  type RetryBudget,
  type RetryBudgetOptions,
  retryBudgets,
} from '@wrr/core';
import { type StatusCode, type StatusObject, status } from './grpc.ts';
import { type MethodMatcher, type Methods, methodMatcher } from './methods.ts';
import { NOT_SENT_KEY, parseStatusCodes } from './outcome.ts';

/** Options of `failoverInterceptor`. */
export interface FailoverInterceptorOptions {
  /**
   * Which methods may be sent twice: `/pkg.Service/Method`, `/pkg.Service/*`, a function of the path,
   * or `true` for all. Default: none; then only what was provably not sent is sent again.
   */
  readonly idempotent?: Methods;
  /** Attempts in all, the first included: an integer from 1. Default 3. */
  readonly maxAttempts?: number;
  /**
   * How long one attempt of an idempotent method may take, > 0, counted from when it was sent; for a
   * streaming answer, until its first sign of life. Default: none; then a hanging endpoint is not
   * failed over from before the call's deadline. Has no effect on a channel of another policy, which
   * does not say when it sends what.
   */
  readonly perAttemptTimeoutMs?: number;
  /**
   * When an attempt of an idempotent method without a request stream has not ended after this time,
   * another one is sent to another endpoint beside it, > 0. The first answer wins. Default: none.
   */
  readonly hedgingDelayMs?: number;
  /**
   * Names of the status codes after which an idempotent method is sent again. Default: UNAVAILABLE.
   * A timed-out attempt and a stream that the server cancelled (`forceShutdown`) always count.
   */
  readonly retryableCodes?: readonly string[];
  /**
   * Bounds the retries and hedges of all calls of this interceptor; one made elsewhere can be shared
   * between interceptors. Default: 20 % of the calls and 10 a second. `false` for none.
   */
  readonly budget?: RetryBudget | RetryBudgetOptions | false;
  /** Waits before retries. Default: 25 ms, doubling up to 250 ms, ± 20 %. */
  readonly backoff?: Partial<Backoff>;
  /** Source of randomness for the waits' jitter, uniform in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * How many messages of a request stream are kept for another attempt. With the next one, the call
   * stays with the attempt it is at. An integer from 0. Default 16.
   */
  readonly replayMessages?: number;
}

/** Settings of a failover, checked. */
export interface FailoverSettings {
  readonly newDecision: () => FailoverDecision;
  readonly isIdempotent: MethodMatcher;
  readonly perAttemptTimeoutMs: number | undefined;
  readonly hedgingDelayMs: number | undefined;
  readonly maxAttempts: number;
  readonly replayMessages: number;
  readonly budget: RetryBudget | undefined;
}

/** A failed attempt: what is decided about. */
export class AttemptFailure {
  readonly status: StatusObject;
  /** Where it was sent; undefined if nowhere, or by another policy. */
  readonly endpoint: string | undefined;
  readonly timedOut: boolean;
  readonly idempotent: boolean;

  constructor(
    status_: StatusObject,
    endpoint: string | undefined,
    timedOut: boolean,
    idempotent: boolean,
  ) {
    this.status = status_;
    this.endpoint = endpoint;
    this.timedOut = timedOut;
    this.idempotent = idempotent;
  }

  /**
   * Whether an endpoint may have had it. Not to know where it was sent is no proof that it was not: the
   * channel may be of another policy.
   */
  get reached(): boolean {
    return this.endpoint !== undefined || this.status.metadata.get(NOT_SENT_KEY).length === 0;
  }
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function completeFailover(options: FailoverInterceptorOptions): FailoverSettings {
  const { idempotent = false, retryableCodes, budget, replayMessages = 16, ...rules } = options;
  const codes = parseStatusCodes(retryableCodes ?? ['UNAVAILABLE'], 'retryableCodes');
  const budgets = retryBudgets(budget);
  return {
    newDecision: planFailover({
      random: Math.random,
      ...rules,
      ...budgets,
      replayMessages,
      retryable: (error) => error instanceof AttemptFailure && isRetryable(error, codes),
      pushback: (error) => (error instanceof AttemptFailure ? pushbackOf(error) : undefined),
    }),
    isIdempotent: methodMatcher(idempotent, 'idempotent'),
    perAttemptTimeoutMs: options.perAttemptTimeoutMs,
    hedgingDelayMs: options.hedgingDelayMs,
    maxAttempts: options.maxAttempts ?? 3,
    replayMessages,
    budget: budgets.budget,
  };
}

function isRetryable(failure: AttemptFailure, codes: ReadonlySet<StatusCode>): boolean {
  const { code, details, metadata } = failure.status;
  // The policy has refused it: another attempt would fare no better.
  if (metadata.get(REFUSED_KEY).length > 0) return false;
  // It was sent nowhere: safe for every method.
  if (!failure.reached) return code === status.UNAVAILABLE;
  if (!failure.idempotent) return false;
  return failure.timedOut || codes.has(code) || isCancelledByServer(code, details);
}

/** What the server says on retries. Several values are as bad as one that is no number. */
function pushbackOf(failure: AttemptFailure): string | undefined {
  const said = failure.status.metadata.get('grpc-retry-pushback-ms');
  return said.length > 1 ? 'several values' : said[0]?.toString();
}
