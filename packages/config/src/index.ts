export type { ConfigError, Problem } from './config-error.ts';
export { formatProblem, isConfigError } from './config-error.ts';
export type { ConfigEvent, LiveSource } from './config-store.ts';
export { durationMs } from './duration.ts';
export type { Environment } from './environment.ts';
export type { FailoverOptions } from './failover-options.ts';
export { failoverOptionsOf } from './failover-options.ts';
export type { JsonSchema } from './json-schema.ts';
export { jsonSchema } from './json-schema.ts';
export type { Config } from './layers.ts';
export type { LiveValue } from './live-value.ts';
export { liveValue } from './live-value.ts';
export type { LoadOptions } from './load-config.ts';
export { loadConfig } from './load-config.ts';
export { maskSecrets } from './mask.ts';
export type { Origin } from './origin.ts';
export { formatOrigin } from './origin.ts';
export type { Path } from './path.ts';
export { formatPath } from './path.ts';
export type { RegistryOptions } from './registry-options.ts';
export { readRegistryOptions } from './registry-options.ts';
export { liveServiceConfig, serviceConfigOf } from './service-config.ts';
export type {
  CircuitBreakerSettings,
  CredentialReferences,
  FailoverSettings,
  HealthCheckSettings,
  RegistrySettings,
  RetryBudgetSettings,
  SecretReference,
  ServerSettings,
  ServiceSettings,
  Settings,
  TlsFiles,
  WarmUpSettings,
} from './settings.ts';
export type { ConfigWatch, WatchOptions } from './watch-config.ts';
export { watchConfig } from './watch-config.ts';
export type { KeySource, WatchedKey } from './watched-key.ts';
