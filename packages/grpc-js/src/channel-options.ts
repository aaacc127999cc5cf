import {
  type CircuitBreakerInterceptorOptions,
  circuitBreakerInterceptor,
} from './circuit-breaker-interceptor.ts';
import { POLICY_NAME, PolicyConfig, type PolicyJson } from './config.ts';
import { failoverInterceptor } from './failover-interceptor.ts';
import type { FailoverInterceptorOptions } from './failover-options.ts';
import { type ClientOptions, validateServiceConfig } from './grpc.ts';
import { markStreams } from './mark-streams.ts';
import { assertRegistered } from './register.ts';

/** A retry policy in the form of gRPC's service config (gRFC A6). */
export interface RetryPolicyJson {
  /** Attempts including the first, from 2. */
  readonly maxAttempts: number;
  readonly initialBackoff: string;
  readonly maxBackoff: string;
  readonly backoffMultiplier: number;
  readonly retryableStatusCodes: readonly string[];
}

/** Options of {@link channelOptions}. */
export interface WrrChannelOptions {
  /** The policy's options: what stands in the service config's `custom_weighted_round_robin`. */
  readonly policy?: PolicyJson;
  /** Retry policy of all methods that `methodConfig` does not name. */
  readonly retryPolicy?: RetryPolicyJson;
  /** Further entries of the service config's `methodConfig`. */
  readonly methodConfig?: readonly object[];
  /**
   * Sends failed calls to other endpoints: see `failoverInterceptor`. Excludes retry and hedging
   * policies, because two layers of retries multiply.
   */
  readonly failover?: FailoverInterceptorOptions;
  /** Rejects calls of methods that keep failing: see `circuitBreakerInterceptor`. */
  readonly circuitBreaker?: CircuitBreakerInterceptorOptions;
  /** The service config's `retryThrottling`. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number };
}

/**
 * Makes a channel's options: the policy in the service config, and what goes well with it.
 *
 * - Proxies from the environment are ignored: grpc-js would hand our targets to them.
 * - No service config from DNS TXT records: it would replace this one.
 * - Reconnecting waits 0.25 s at first and 1.5 s at most (grpc-js: 1 s and 120 s), so that a server
 *   that comes back gets its share again within two seconds.
 * - The interceptors of `failover` and `circuitBreaker`, in the right order; with adaptive dispatch,
 *   one that tells the policy which calls are streams.
 * - grpc-js stops at 5 attempts unless told otherwise: told, if `maxAttempts` is larger.
 *
 * Spread it into your own options to change or add some.
 *
 * @throws {Error} if an option is wrong, or if `register()` was not called.
 */
export function channelOptions(options: WrrChannelOptions = {}): ClientOptions {
  assertRegistered();
  const { policy = {}, retryPolicy, methodConfig = [], retryThrottling } = options;
  const { failover, circuitBreaker } = options;
  const { parsed } = new PolicyConfig(policy);
  if ('error' in parsed) throw new TypeError(parsed.error);
  const forAll = retryPolicy === undefined ? [] : [{ name: [{}], retryPolicy }];
  const serviceConfig = {
    loadBalancingConfig: [{ [POLICY_NAME]: policy }],
    methodConfig: [...methodConfig, ...forAll],
    ...(retryThrottling && { retryThrottling }),
  };
  const { methodConfig: checked } = validateServiceConfig(serviceConfig);
  const retried = checked.filter((method) => method.retryPolicy ?? method.hedgingPolicy);
  if (failover !== undefined && retried.length > 0) {
    throw new TypeError(
      'failover and a retryPolicy or hedgingPolicy exclude each other: choose one',
    );
  }
  const interceptors = [
    ...(circuitBreaker === undefined ? [] : [circuitBreakerInterceptor(circuitBreaker)]),
    ...(failover === undefined ? [] : [failoverInterceptor(failover)]),
    ...(policy.dispatch === undefined || policy.dispatch === 'static' ? [] : [markStreams]),
  ];
  const maxAttempts = Math.max(
    ...checked.map((method) => (method.retryPolicy ?? method.hedgingPolicy)?.maxAttempts ?? 0),
  );
  return {
    'grpc.service_config': JSON.stringify({ ...serviceConfig, methodConfig: checked }),
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.initial_reconnect_backoff_ms': 250,
    'grpc.max_reconnect_backoff_ms': 1_500,
    ...(interceptors.length > 0 && { interceptors }),
    ...(maxAttempts > 5 && { 'grpc-node.retry_max_attempts_limit': maxAttempts }),
  };
}
