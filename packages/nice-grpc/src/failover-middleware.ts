import { createReplayableStream, type FailoverEvent, isCircuitOpenError } from '@wrr/core';
import { delay } from 'abort-controller-x';
import { ClientError, type ClientMiddleware, Status } from 'nice-grpc-common';
import { Attempt, type AttemptPlan, timeoutOf } from './attempt.ts';
import { publish } from './diagnostics.ts';
import {
  completeFailover,
  type FailoverCallOptions,
  type FailoverMiddlewareOptions,
} from './failover-options.ts';
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
 * - `onHeader` and `onTrailer` hear of the attempt that counts only, once it does.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function failoverMiddleware(
  options: FailoverMiddlewareOptions = {},
): ClientMiddleware<FailoverCallOptions> {
  const settings = completeFailover(options);

  return async function* failoverMiddlewareGenerator(call, callOptions) {
    const { method, responseStream } = call;
    const {
      idempotent = settings.idempotent(method),
      perAttemptTimeoutMs = settings.perAttemptTimeoutMs,
      ...rest
    } = callOptions;
    if (!(perAttemptTimeoutMs > 0)) {
      throw new RangeError(`perAttemptTimeoutMs must be > 0, got ${perAttemptTimeoutMs}`);
    }
    const attemptMs = idempotent ? perAttemptTimeoutMs : Number.POSITIVE_INFINITY;
    const deadline = performance.now() + timeoutOf(rest.metadata);
    const requests = call.requestStream
      ? createReplayableStream(call.request, settings.replayMessages)
      : undefined;

    const tell = (event: FailoverEvent): void => {
      publish('wrr:failover', { ...event, path: method.path });
      try {
        options.onEvent?.({ ...event, path: method.path });
      } catch {
        // A listener's error is its own.
      }
    };
    const mayRepeat = (error: unknown, attempt: Attempt): boolean => {
      if (!idempotent || attempt.committed || attempt.refused) return false;
      if (rest.signal?.aborted === true || requests?.replayable === false) return false;
      if (!(error instanceof ClientError) || isCircuitOpenError(error)) return false;
      if (settings.retryableCodes.has(error.code) || isCancelledByServer(error)) return true;
      return error.code === Status.DEADLINE_EXCEEDED && attemptMs !== Number.POSITIVE_INFINITY;
    };

    const tried = new Set<string>();
    const decision = settings.decide();
    settings.budget?.deposit(performance.now());
    try {
      for (let number = 1; ; number++) {
        const leftMs = deadline - performance.now();
        const timeoutMs = Math.min(attemptMs, leftMs);
        const attempt = new Attempt(rest, {
          path: method.path,
          number,
          tried,
          timeoutMs,
          // A stream that has begun to answer may take as long as the call may.
          serverTimeoutMs: responseStream ? leftMs : timeoutMs,
          onHeader: headerRule(call.requestStream, responseStream),
        });
        let delayMs: number;
        try {
          const request = requests ?? call.request;
          if (call.responseStream) {
            return yield* attempt.committing(call.next(request, attempt.options));
          }
          const response = yield* call.next(request, attempt.options);
          attempt.commit();
          return response;
        } catch (thrown) {
          const error = attempt.explain(thrown);
          const next = mayRepeat(error, attempt)
            ? decision.afterFailure(attempt, number, performance.now(), deadline)
            : 'not-retryable';
          if (typeof next === 'string') {
            tell({ type: 'failover', action: 'give-up', reason: next, attempt: number, error });
            attempt.commit();
            throw error;
          }
          settings.budget?.withdraw(performance.now()); // the decision was that it has one left
          delayMs = next;
          tell({ type: 'failover', action: 'retry', attempt: number + 1, delayMs, error });
        } finally {
          attempt.close();
        }
        await delay(rest.signal ?? new AbortController().signal, delayMs);
      }
    } finally {
      requests?.close();
    }
  };
}

function headerRule(requestStream: boolean, responseStream: boolean): AttemptPlan['onHeader'] {
  if (!responseStream) return undefined;
  return requestStream ? 'commits' : 'stops-timer';
}
