import { createReplayableStream, type FailoverEvent, isCircuitOpenError } from '@wrr/core';
import { delay } from 'abort-controller-x';
import { ClientError, type ClientMiddleware, Status } from 'nice-grpc-common';
import { Attempt, remainingMs, timeoutOf, tooLate } from './attempt.ts';
import { publish } from './diagnostics.ts';
import {
  completeFailover,
  type FailoverCallOptions,
  type FailoverMiddlewareOptions,
} from './failover-options.ts';
import { type HeaderRule, HeldBack } from './held-back.ts';
import { isCancelledByServer } from './outcome.ts';

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
  const settings = completeFailover(options);
  const { budget, retryableCodes } = settings;

  const tell = (event: FailoverEvent, path: string): void => {
    publish('wrr:failover', { ...event, path });
    try {
      options.onEvent?.({ ...event, path });
    } catch {
      // A listener's error is its own.
    }
  };

  return async function* failoverMiddlewareGenerator(call, callOptions) {
    const { path } = call.method;
    const {
      idempotent = settings.idempotent(call.method),
      perAttemptTimeoutMs = settings.perAttemptTimeoutMs,
      deadline: callDeadline,
      ...rest
    } = callOptions;
    if (!(perAttemptTimeoutMs > 0)) {
      throw new RangeError(`perAttemptTimeoutMs must be > 0, got ${perAttemptTimeoutMs}`);
    }
    const callMs = Math.min(remainingMs(callDeadline), timeoutOf(rest.metadata));
    if (callMs <= 0) throw tooLate(path);
    const attemptMs = idempotent ? perAttemptTimeoutMs : Number.POSITIVE_INFINITY;
    const rule = headerRule(call.requestStream, call.responseStream);
    const requests = call.requestStream
      ? createReplayableStream(call.request, settings.replayMessages)
      : undefined;

    const mayRepeat = (error: unknown, held: HeldBack): boolean => {
      if (!idempotent || held.committed || held.refused) return false;
      if (rest.signal?.aborted === true || requests?.replayable === false) return false;
      if (!(error instanceof ClientError) || isCircuitOpenError(error)) return false;
      if (retryableCodes.has(error.code) || isCancelledByServer(error)) return true;
      return error.code === Status.DEADLINE_EXCEEDED && attemptMs !== Number.POSITIVE_INFINITY;
    };

    const tried = new Set<string>();
    const decision = settings.decide();
    let now = performance.now();
    const deadline = now + callMs;
    budget?.deposit(now);
    try {
      for (let number = 1; ; number++) {
        const leftMs = deadline - now;
        const timeoutMs = Math.min(attemptMs, leftMs);
        // A stream that has begun to answer may take as long as the call may.
        const serverTimeoutMs = call.responseStream ? leftMs : timeoutMs;
        const attempt = new Attempt(rest, { path, number, tried, timeoutMs, serverTimeoutMs });
        const held = new HeldBack(rest, rule, () => attempt.limit(deadline - performance.now()));
        try {
          const { metadata, signal } = attempt;
          const nextOptions = { ...rest, metadata, signal, ...held.callbacks };
          if (call.responseStream) {
            return yield* held.committing(call.next(requests ?? call.request, nextOptions));
          }
          const response = yield* call.next(requests ?? call.request, nextOptions);
          held.commit();
          return response;
        } catch (thrown) {
          const error = attempt.explain(thrown);
          now = performance.now();
          const delayMs = mayRepeat(error, held)
            ? decision.afterFailure(held, number, now, deadline)
            : 'not-retryable';
          if (typeof delayMs === 'string') {
            const reason = delayMs;
            tell({ type: 'failover', action: 'give-up', reason, attempt: number, error }, path);
            held.commit();
            throw error;
          }
          budget?.withdraw(now); // the decision was that it has one left
          tell({ type: 'failover', action: 'retry', attempt: number + 1, delayMs, error }, path);
          attempt.close();
          await delay(rest.signal ?? new AbortController().signal, delayMs);
          now = performance.now();
        } finally {
          attempt.close();
        }
      }
    } finally {
      requests?.close();
    }
  };
}

function headerRule(requestStream: boolean, responseStream: boolean): HeaderRule {
  if (!responseStream) return undefined;
  return requestStream ? 'commits' : 'stops-clock';
}
