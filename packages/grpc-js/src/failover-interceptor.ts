import { FailoverCall } from './failover-call.ts';
import { completeFailover, type FailoverInterceptorOptions } from './failover-options.ts';
import { asInterceptor, type Interceptor } from './grpc.ts';

/**
 * Makes a client interceptor that sends a failed call to another endpoint.
 *
 * It does what grpc-js's own retries leave out: a timeout for each attempt, so that an endpoint that
 * hangs is failed over from; a retry budget; a distinction of methods that may be sent twice; hedging
 * within the budget. On a channel of `custom_weighted_round_robin`, no attempt goes to an endpoint that
 * the call has tried while another is left.
 *
 * - Nothing is sent again after the caller has seen a part of the answer: of a streaming answer that
 *   is its first sign of life, of a single one its status. So the headers of a single answer arrive
 *   together with it.
 * - `grpc-retry-pushback-ms` is obeyed, one that is no number as "do not retry".
 * - The last attempt's status is reported; with several, the metadata `wrr-attempts` lists them all.
 * - Use it instead of a `retryPolicy`, not on top: `channelOptions` refuses both. Where a service config
 *   from elsewhere brings one, the attempts of both count against `maxAttempts`.
 *
 * On a channel of another policy only idempotent methods are sent again, perhaps to the same endpoint,
 * and attempts have no timeout: nothing tells the interceptor where and when they were sent.
 *
 * One interceptor belongs to one service: its calls share a retry budget. Place it inside
 * `circuitBreakerInterceptor`, which must judge calls and not attempts.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function failoverInterceptor(options: FailoverInterceptorOptions = {}): Interceptor {
  const settings = completeFailover(options);
  return asInterceptor(
    (callOptions, nextCall) => new FailoverCall(callOptions, nextCall, settings),
  );
}
