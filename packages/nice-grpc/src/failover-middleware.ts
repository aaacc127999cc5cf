import {
  createReplayableStream,
  type FailoverDecision,
  type FailoverEvent,
  isCircuitOpenError,
} from '@wrr/core';
import { delay } from 'abort-controller-x';
import { ClientError, type ClientMiddleware, Status } from 'nice-grpc-common';
import { Attempt, timeLeft } from './attempt.ts';
import { publish } from './diagnostics.ts';
import {
  completeFailover,
  type FailoverCallOptions,
  type FailoverMiddlewareOptions,
} from './failover-options.ts';
import { type HeaderRule, HeldBack } from './held-back.ts';
import { isCancelledByServer } from './outcome.ts';

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
  const settings = completeFailover(options);
  const { budget, retryableCodes } = settings;
  /** Methods whose latest attempt was sent by a picker that knows links. */
  const linked = new Set<string>();

  const tell = (event: FailoverEvent, path: string): void => {
    publish('wrr:failover', { ...event, path });
    try {
      options.onEvent?.({ ...event, path });
    } catch {
      // A listener's error is its own.
    }
  };

  return async function* failoverMiddlewareGenerator(call, callOptions) {
    const { method, requestStream, responseStream } = call;
    const { path } = method;
    const {
      idempotent = settings.idempotent(method),
      perAttemptTimeoutMs = settings.perAttemptTimeoutMs,
      deadline: _,
      ...rest
    } = callOptions;
    if (!(perAttemptTimeoutMs > 0)) {
      throw new RangeError(`perAttemptTimeoutMs must be > 0, got ${perAttemptTimeoutMs}`);
    }
    const callMs = timeLeft(path, callOptions);
    const attemptMs = idempotent ? perAttemptTimeoutMs : Number.POSITIVE_INFINITY;
    const rule = headerRule(requestStream, responseStream);
    const requests = requestStream
      ? createReplayableStream(call.request, settings.replayMessages)
      : undefined;

    const tried = new Set<string>();
    let decision: FailoverDecision | undefined;
    let now = performance.now();
    const deadline = now + callMs;
    budget?.deposit(now);
    try {
      for (let number = 1; ; number++) {
        const leftMs = deadline - now;
        const timeoutMs = Math.min(attemptMs, leftMs);
        // A stream that has begun to answer may take as long as the call may.
        const serverTimeoutMs = responseStream ? leftMs : timeoutMs;
        const plan = { method, number, tried, timeoutMs, serverTimeoutMs };
        const attempt = new Attempt(callOptions, plan);
        const { metadata, signal, link } = attempt;
        const isLinked = linked.has(path);
        const held = new HeldBack(callOptions, link, isLinked, rule, () =>
          attempt.limit(deadline - performance.now()),
        );
        try {
          const next = { ...rest, metadata, signal, ...held.callbacks };
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
          decision ??= settings.decide();
          const delayMs =
            !isLost && mayRepeat(error, held, retryableCodes, isTimed)
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
          if (link.picks > 0 && !isLinked && linked.size < MAX_LINKED) linked.add(path);
          if (link.picks === 0 && isLinked) linked.delete(path);
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
  if (codes.has(error.code) || isCancelledByServer(error)) return true;
  return isTimed && error.code === Status.DEADLINE_EXCEEDED;
}

function headerRule(requestStream: boolean, responseStream: boolean): HeaderRule {
  if (!responseStream) return undefined;
  return requestStream ? 'commits' : 'stops-clock';
}
