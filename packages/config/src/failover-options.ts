import { durationMs } from './duration.ts';
import { serviceOf } from './service-config.ts';
import type { RetryBudgetSettings, Settings } from './settings.ts';

/** What a failover interceptor needs: the options of `failoverInterceptor` of `@wrr/grpc-js`. */
export interface FailoverOptions {
  /** `/package.Service/Method`, `/package.Service/*`, or `true` for all. */
  readonly idempotent: true | readonly string[];
  readonly maxAttempts: number;
  readonly retryableCodes: readonly string[];
  readonly backoff: {
    readonly initialMs: number;
    readonly maxMs: number;
    readonly multiplier: number;
  };
  readonly perAttemptTimeoutMs?: number;
  readonly budget?: RetryBudgetSettings;
}

/**
 * The failover of a service, for an interceptor.
 *
 * @returns `undefined` if the settings want none, or want the channel to do it.
 * @throws {RangeError} if the settings know no service of this name.
 */
export function failoverOptionsOf(
  settings: Settings,
  service: string,
): FailoverOptions | undefined {
  const { failover } = serviceOf(settings, service);
  if (failover === false || failover.layer !== 'interceptor') return undefined;
  const { methods, maxAttempts, retryableStatusCodes, perAttemptTimeout, budget } = failover;
  return {
    idempotent:
      methods === 'all' || methods.map((name) => `/${name}${name.includes('/') ? '' : '/*'}`),
    maxAttempts,
    retryableCodes: retryableStatusCodes,
    backoff: {
      initialMs: durationMs(failover.initialBackoff),
      maxMs: durationMs(failover.maxBackoff),
      multiplier: failover.backoffMultiplier,
    },
    ...(perAttemptTimeout && { perAttemptTimeoutMs: durationMs(perAttemptTimeout) }),
    ...(budget && { budget }),
  };
}
