import type { AttemptContext, FailedAttempt, FailoverBalancer } from './failover-attempt.ts';
import { FailoverCall } from './failover-call.ts';
import { completeFailoverOptions, type FailoverOptions } from './failover-options.ts';

/**
 * Makes a call at one endpoint after the other until one answers.
 *
 * `call` is given an endpoint and does the work there; what it resolves with is the result. When it
 * rejects, or takes longer than `perAttemptTimeoutMs`, and `retryable` allows it, the next attempt
 * goes to another endpoint while one is left that this call has not tried. Every attempt's outcome
 * goes to its endpoint's breaker. Work with the answer inside `call`: when the promise has settled,
 * nothing is aborted any more.
 *
 * Rejects with the last attempt's error (see {@link attemptsOf} for those before it), with
 * `NoEndpointsError` when nothing could be picked, with `DeadlineExceededError`, or with the reason of
 * `signal`. When it settles, no timer and no attempt is left.
 *
 * Semantics follow gRFC A6, with what it leaves out: other endpoints, and a timeout per attempt.
 *
 * @throws {RangeError | TypeError} (as a rejection) naming the option, the value and what was expected.
 */
export async function runWithFailover<E extends { readonly key: string }, T>(
  balancer: FailoverBalancer<E>,
  call: (endpoint: E, context: AttemptContext) => PromiseLike<T> | T,
  options: FailoverOptions,
): Promise<T> {
  const complete = completeFailoverOptions(options);
  return new Promise<T>((resolve, reject) => {
    const rejectWith = (error: unknown, attempts: readonly FailedAttempt[]): void => {
      if (isObject(error)) history.set(error, attempts);
      reject(error);
    };
    new FailoverCall(balancer, call, complete, { resolve, reject: rejectWith }).begin();
  });
}

const history = new WeakMap<object, readonly FailedAttempt[]>();

/** Returns the failed attempts behind an error that {@link runWithFailover} rejected with, in order. */
export function attemptsOf(error: unknown): readonly FailedAttempt[] {
  return (isObject(error) && history.get(error)) || [];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
