import {
  type CallGuardsOptions,
  type CircuitBreakerEvent,
  type Clock,
  createCallGuards,
  FAILURE_STATUS_CODES,
  type Outcome,
} from '@wrr/core';
import type { ClientMiddleware, Status } from 'nice-grpc-common';
import { CircuitOpenClientError } from './circuit-open-error.ts';
import { publish } from './diagnostics.ts';
import { outcomeOf } from './outcome.ts';
import { timeoutOf } from './time-left.ts';

/** Options of {@link circuitBreakerMiddleware}. */
export interface CircuitBreakerMiddlewareOptions {
  /**
   * The adaptive throttle of Google's SRE book, which rejects in proportion to the failures. Default:
   * with the numbers of go-kratos/aegis (`AEGIS_THROTTLE`), like the Go system. Not together with
   * `circuitBreaker`.
   */
  readonly throttle?: CallGuardsOptions['throttle'];
  /** A breaker with three states instead. */
  readonly circuitBreaker?: CallGuardsOptions['circuitBreaker'];
  /**
   * Status codes that count as failures. Default: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and
   * DATA_LOSS, core's `FAILURE_STATUS_CODES`.
   */
  readonly failureCodes?: readonly Status[];
  /** Told of every change of a breaker's state; what it throws is dropped. A throttle has no states. */
  readonly onEvent?: (event: CircuitBreakerEvent & { readonly path: string }) => void;
  /** The time. Default: `performance`. */
  readonly clock?: Clock;
  /** Source of randomness, uniform in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** Call options that {@link circuitBreakerMiddleware} adds. */
export interface CircuitBreakerCallOptions {
  /** `false`: this call passes whatever the circuit says, and does not count. Default `true`. */
  circuitBreaker?: boolean;
}

/**
 * Creates a middleware that stops calls of a method while that method keeps failing. What it stops is
 * rejected at once with a {@link CircuitOpenClientError}; nothing is sent.
 *
 * It judges whole calls, so attach it after {@link failoverMiddleware} (first attached is innermost)
 * and make one for each service: two services must not share what was learnt about either. Endpoints
 * have breakers of their own, in the load-balancing policy.
 *
 * Aborted calls, and streams that the consumer leaves early, count neither way. How fast a consumer
 * reads is not the server's fault, so the latency of a streaming response is that of its header.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function circuitBreakerMiddleware(
  options: CircuitBreakerMiddlewareOptions = {},
): ClientMiddleware<CircuitBreakerCallOptions> {
  const { failureCodes, onEvent, clock = performance, random = Math.random, ...rules } = options;
  const failures = new Set<number>(failureCodes ?? FAILURE_STATUS_CODES);
  const acquire = createCallGuards({
    ...rules,
    random,
    onEvent: ({ key: path, ...event }) => {
      publish('wrr:breaker', { ...event, path });
      onEvent?.({ ...event, path });
    },
  });

  return async function* circuitBreakerMiddlewareGenerator(call, callOptions) {
    const { circuitBreaker, ...rest } = callOptions;
    if (circuitBreaker === false) return yield* call.next(call.request, rest);

    const { path } = call.method;
    const startedAt = clock.now();
    const permit = acquire(path, startedAt, startedAt + timeoutOf(rest.metadata));
    if (!permit.granted) throw new CircuitOpenClientError(path, permit.reason, permit.retryAfterMs);

    let answeredAt: number | undefined;
    if (call.responseStream) {
      rest.onHeader = (header) => {
        answeredAt = clock.now();
        callOptions.onHeader?.(header);
      };
    }
    let outcome: Outcome = 'ignored'; // what it stays when the consumer returns early
    try {
      const response = yield* call.next(call.request, rest);
      outcome = 'success';
      return response;
    } catch (error) {
      outcome = outcomeOf(error, rest.signal, failures);
      throw error;
    } finally {
      const now = clock.now();
      permit.settle(now, outcome, (answeredAt ?? now) - startedAt);
    }
  };
}
