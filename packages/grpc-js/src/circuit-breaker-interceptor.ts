import {
  type CallGuardsOptions,
  createCallGuards,
  FAILURE_STATUS_CODES,
  type Outcome,
  outcomeOfStatus,
} from '@wrr/core';
import { publishMethodBreaker } from './diagnostics.ts';
import { asInterceptor, type Interceptor, type StatusObject } from './grpc.ts';
import { GuardedCall } from './guarded-call.ts';
import { parseStatusCodes } from './outcome.ts';

/** Options of {@link circuitBreakerInterceptor}. */
export interface CircuitBreakerInterceptorOptions {
  /**
   * The adaptive throttle of Google's SRE book. Default: with the numbers of go-kratos/aegis
   * (`AEGIS_THROTTLE`), as in the Go system. Not together with `circuitBreaker`.
   */
  readonly throttle?: CallGuardsOptions['throttle'];
  /** A breaker with three states instead. */
  readonly circuitBreaker?: CallGuardsOptions['circuitBreaker'];
  /** Source of randomness, uniform in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * Names of the status codes that count as failures. Default: UNKNOWN, INTERNAL, DATA_LOSS,
   * UNAVAILABLE and DEADLINE_EXCEEDED, as in the Go system. A call that its caller cancelled does not
   * count at all.
   */
  readonly failureCodes?: readonly string[];
}

/**
 * Makes a client interceptor that rejects calls of a method while too many of them fail.
 *
 * Default: the adaptive throttle of Google's SRE book with aegis's numbers, as in the Go system: from
 * 100 calls in 3 seconds on, calls are rejected with the probability
 * `(calls − successes / 0.6) / (calls + 1)`. With `circuitBreaker`: a breaker of three states.
 *
 * A rejected call is not sent. It fails at once with UNAVAILABLE, details that say so (`circuit of
 * /pkg.Service/Method is open: not sent, retry in 950 ms`) and the metadata `wrr-refused: circuit-open`.
 *
 * Place it before `failoverInterceptor` in the list (outside): it must see what comes of a call after
 * failover. Between failover and the endpoints it would take one dead endpoint for a failing method,
 * and reject calls that others could answer; it is bistable: below a success rate of 60 % nearly all
 * calls are rejected. Endpoints have breakers of their own, in the policy.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function circuitBreakerInterceptor(
  options: CircuitBreakerInterceptorOptions = {},
): Interceptor {
  const { failureCodes, random = Math.random, ...rules } = options;
  const codes =
    failureCodes === undefined
      ? FAILURE_STATUS_CODES
      : parseStatusCodes(failureCodes, 'failureCodes');
  const guards = createCallGuards({
    ...rules,
    random,
    onEvent: ({ key: path, ...event }) => publishMethodBreaker(() => ({ ...event, path })),
  });
  const outcomeOf = ({ code, details }: StatusObject): Outcome =>
    outcomeOfStatus(code, details, codes);
  return asInterceptor(
    (callOptions, nextCall) => new GuardedCall(callOptions, nextCall, guards, outcomeOf),
  );
}
