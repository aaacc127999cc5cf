import type { LiveServiceConfig, ServiceConfig } from '@wrr/core';
import { durationMs, grpcDuration } from './duration.ts';
import { liveValue } from './live-value.ts';
import type { FailoverSettings, ServiceSettings, Settings } from './settings.ts';
import type { ConfigWatch } from './watch-config.ts';

const POLICY_NAME = 'custom_weighted_round_robin';

/**
 * Says in gRPC's words how a service is called: a service config with the load-balancing policy, its
 * options, and the retry policy. What the settings leave open is in it with its default, so that what
 * `wrr config print` shows is what the channel gets.
 *
 * @throws {RangeError} if the settings know no service of this name.
 */
export function serviceConfigOf(settings: Settings, service: string): ServiceConfig {
  return configOf(serviceOf(settings, service));
}

/**
 * The settings of one service.
 *
 * @throws {RangeError} naming those that there are.
 */
export function serviceOf(settings: Settings, service: string): ServiceSettings {
  const found = findService(settings, service);
  if (found !== undefined) return found;
  const known = Object.keys(settings.services).join(', ') || 'none';
  throw new RangeError(`no service ${JSON.stringify(service)} in the settings: they have ${known}`);
}

/**
 * The service config of one service, live: what `withServiceConfig` of `@wrr/core` lays over a source.
 * Listeners hear of a change of this service only, and `undefined` when it leaves the settings.
 */
export function liveServiceConfig(watch: ConfigWatch, service: string): LiveServiceConfig {
  return liveValue(watch, (settings) => {
    const own = findService(settings, service);
    return own && configOf(own);
  });
}

function findService({ services }: Settings, name: string): ServiceSettings | undefined {
  return Object.hasOwn(services, name) ? services[name] : undefined;
}

function configOf(service: ServiceSettings): ServiceConfig {
  const { failover } = service;
  return {
    loadBalancingConfig: [{ [POLICY_NAME]: policyOf(service) }],
    ...(failover !== false &&
      failover.layer === 'channel' && { methodConfig: [methodConfigOf(failover)] }),
  };
}

function policyOf(service: ServiceSettings): Readonly<Record<string, unknown>> {
  const { circuitBreaker, warmUp, weights, minAvailable, onAllOpen } = service;
  const { startPhase, dispatch, failureCodes } = service;
  return {
    circuitBreaker: circuitBreaker && withGrpcDurations(circuitBreaker, BREAKER_DURATIONS),
    warmUp: warmUp && withGrpcDurations(warmUp, WARM_UP_DURATIONS),
    healthCheck: service.healthCheck && withGrpcDurations(service.healthCheck, HEALTH_DURATIONS),
    minAvailable,
    onAllOpen,
    startPhase,
    dispatch,
    ...(Object.keys(weights).length > 0 && { weights }),
    ...(failureCodes && { failureCodes }),
  };
}

function methodConfigOf(failover: FailoverSettings): Readonly<Record<string, unknown>> {
  const { methods, maxAttempts, initialBackoff, maxBackoff } = failover;
  const { backoffMultiplier, retryableStatusCodes } = failover;
  return {
    name: methods === 'all' ? [{}] : methods.map(methodName),
    retryPolicy: {
      maxAttempts,
      initialBackoff: grpcDuration(durationMs(initialBackoff)),
      maxBackoff: grpcDuration(durationMs(maxBackoff)),
      backoffMultiplier,
      retryableStatusCodes,
    },
  };
}

function methodName(text: string): Readonly<Record<string, string>> {
  const [service = '', method] = text.split('/');
  return method === undefined ? { service } : { service, method };
}

const BREAKER_DURATIONS = ['slowCall', 'window', 'open', 'maxOpen', 'probeLease'];
const WARM_UP_DURATIONS = ['window', 'afterUnavailable'];
const HEALTH_DURATIONS = ['idle'];

function withGrpcDurations(options: object, durations: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      durations.includes(name) ? grpcDuration(durationMs(String(value))) : value,
    ]),
  );
}
