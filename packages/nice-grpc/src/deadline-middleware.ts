import type { ClientMiddleware } from 'nice-grpc-common';
import { Attempt } from './attempt.ts';
import { timeLeft } from './time-left.ts';

/** Call options that {@link deadlineMiddleware} adds: the same as those of nice-grpc's own. */
export interface DeadlineCallOptions {
  /** A point in time, or milliseconds from now. Default: none. */
  deadline?: Date | number | undefined;
}

/**
 * A deadline for the whole call, in the place of `nice-grpc-client-middleware-deadline`, and with its
 * option: for clients without {@link failoverMiddleware}, which does the same. Attach it last, so that
 * it is outermost.
 *
 * What is more: the server sees `grpc-timeout` and can stop working; the endpoint's circuit breaker
 * sees a failure instead of a call that the client cancelled; and the middlewares inside know how much
 * time is left. A `grpc-timeout` in the call's metadata is obeyed, too.
 *
 * A call that runs out of time ends with a `ClientError` with code DEADLINE_EXCEEDED.
 */
export const deadlineMiddleware: ClientMiddleware<DeadlineCallOptions> =
  async function* deadlineMiddlewareGenerator(call, options) {
    const { method } = call;
    const timeoutMs = timeLeft(method.path, options);
    const { deadline: _, ...rest } = options;
    if (timeoutMs === Number.POSITIVE_INFINITY) return yield* call.next(call.request, rest);
    const attempt = new Attempt(options, method, 1, new Set(), timeoutMs, timeoutMs);
    const { metadata, signal } = attempt;
    try {
      return yield* call.next(call.request, { ...rest, metadata, signal });
    } catch (error) {
      throw attempt.explain(error);
    } finally {
      attempt.close();
    }
  };
