import {
  createReplayableStream,
  type FailoverDecision,
  type FailoverEvent,
  isCancelledByServer,
  isCircuitOpenError,
  planFailover,
  retryBudgets,
} from '@wrr/core';
import { delay } from 'abort-controller-x';
import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type MethodDescriptor,
  Status,
} from 'nice-grpc-common';
import { Attempt } from './attempt.ts';
import { publish } from './diagnostics.ts';
import type { FailoverCallOptions, FailoverMiddlewareOptions } from './failover-options.ts';
import { HeldBack } from './held-back.ts';
import { timeLeft } from './time-left.ts';

/** A generic client could call any number of methods. */
const MAX_LINKED = 1_000;

/**
 * Creates a middleware that makes a failed call again, at another endpoint.
 *
 * Attach it first: it is then innermost, and what is outside sees one call. Every attempt is a call of
 * its own to the channel, linked with the others of the call, so that the policy of `@wrr/grpc-js`
 * picks an endpoint that the call has not tried. Have no other retries beside it: neither a
 * `retryPolicy` in the channel's service config nor `nice-grpc-client-middleware-retry`.
 *
 * - Whether, when and how often is decided by core's rules (gRFC A6): idempotency, status code,
 *   attempts, budget, the server's pushback, the time left.
 * - A stream of responses is failed over until its first message; what came is never taken back. With
 *   a stream of requests, too, until its header, which the caller may be waiting for. A stream of
 *   requests is sent again while it is short enough to be kept.
 * - The call option `deadline` is that of {@link deadlineMiddleware}, which is not needed beside this.
 * - `onHeader` and `onTrailer` hear of the attempt that counts only, once it does.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function failoverMiddleware(
  options: FailoverMiddlewareOptions = {},
): ClientMiddleware<FailoverCallOptions> {
  const { retryableCodes = [Status.UNAVAILABLE], replayMessages = 16, ...others } = options;
  const { idempotent: isIdempotent = saysIdempotent, onEvent, ...rules } = others;
  const codes = new Set(retryableCodes);
  const budgets = retryBudgets(rules.budget);
  const newDecision = planFailover({
    random: Math.random,
    ...rules,
    ...budgets,
    replayMessages,
    retryable: () => true, // asked before
    pushback: (held) => (held instanceof HeldBack ? held.pushback : undefined),
  });
  /** Methods whose latest attempt was sent by a picker that knows links. */
  const linked = new Set<string>();

  const tell = (event: FailoverEvent, path: string): void => {
    publish('wrr:failover', { ...event, path });
    try {
      onEvent?.({ ...event, path });
    } catch {
      // A listener's error is its own.
    }
  };

  return async function* failoverMiddlewareGenerator(call, callOptions) {
    const { method, requestStream, responseStream } = call;
    const { path } = method;
    const {
      idempotent = isIdempotent(method),
      perAttemptTimeoutMs = rules.perAttemptTimeoutMs ?? Number.POSITIVE_INFINITY,
      deadline: _,
      ...rest
    } = callOptions;
    if (!(perAttemptTimeoutMs > 0)) {
      throw new RangeError(`perAttemptTimeoutMs must be > 0, got ${perAttemptTimeoutMs}`);
    }
    const attemptMs = idempotent ? perAttemptTimeoutMs : Number.POSITIVE_INFINITY;
    const callMs = timeLeft(path, callOptions);
    const requests = requestStream
      ? createReplayableStream(call.request, replayMessages)
      : undefined;

    const tried = new Set<string>();
    let decision: FailoverDecision | undefined;
    let now = performance.now();
    const deadline = now + callMs;
    budgets.budget?.deposit(now);
    try {
      for (let number = 1; ; number++) {
        const leftMs = deadline - now;
        const timeoutMs = Math.min(attemptMs, leftMs);
        // A stream that has begun to answer may take as long as the call may.
        const serverTimeoutMs = responseStream ? leftMs : timeoutMs;
        const attempt = new Attempt(callOptions, method, number, tried, timeoutMs, serverTimeoutMs);
        const { link, metadata, signal } = attempt;
        const next: CallOptions = { ...rest, metadata, signal };
        const held = new HeldBack(callOptions, link);
        if (responseStream) {
          held.listenForHeader(next, requestStream, () =>
            attempt.limit(deadline - performance.now()),
          );
        } else if (rest.onHeader !== undefined) held.listenForHeader(next, false);
        // nice-grpc converts trailers for whoever listens; a link says what matters, if it is taken.
        if (!linked.has(path) || rest.onTrailer !== undefined) held.listenForTrailer(next);
        try {
          if (call.responseStream) {
            return yield* held.committing(call.next(requests ?? call.request, next));
          }
          const response = yield* call.next(requests ?? call.request, next);
          held.commit();
          return response;
        } catch (thrown) {
          const error = attempt.explain(thrown);
          now = performance.now();
          const isLost =
            !idempotent || rest.signal?.aborted === true || requests?.replayable === false;
          const isTimed = attemptMs !== Number.POSITIVE_INFINITY;
          decision ??= newDecision();
          const delayMs =
            !isLost && mayRepeat(error, held, codes, isTimed)
              ? decision.afterFailure(held, number, now, deadline, link.endpoint !== undefined)
              : 'not-retryable';
          if (typeof delayMs === 'string') {
            const reason = delayMs;
            tell({ type: 'failover', action: 'give-up', reason, attempt: number, error }, path);
            held.commit();
            throw error;
          }
          decision.pay(now); // the decision was that there is one left
          tell({ type: 'failover', action: 'retry', attempt: number + 1, delayMs, error }, path);
          attempt.close();
          await delay(rest.signal ?? new AbortController().signal, delayMs);
          now = performance.now();
        } finally {
          attempt.close();
          if (link.picks === 0) linked.delete(path);
          else if (linked.size < MAX_LINKED) linked.add(path);
        }
      }
    } finally {
      requests?.close();
    }
  };
}

/** Says whether another attempt can make up for an error, and nothing of this one was passed on. */
function mayRepeat(
  error: unknown,
  { committed, refused }: HeldBack,
  codes: ReadonlySet<Status>,
  isTimed: boolean,
): boolean {
  if (committed || refused || !(error instanceof ClientError)) return false;
  if (isCircuitOpenError(error)) return false;
  if (codes.has(error.code) || isCancelledByServer(error.code, error.details)) return true;
  return isTimed && error.code === Status.DEADLINE_EXCEEDED;
}

function saysIdempotent({ options: { idempotencyLevel } }: MethodDescriptor): boolean {
  return idempotencyLevel === 'IDEMPOTENT' || idempotencyLevel === 'NO_SIDE_EFFECTS';
}
