export { channelOptions, type RetryPolicyJson, type WrrChannelOptions } from './channel-options.ts';
export {
  type CircuitBreakerInterceptorOptions,
  circuitBreakerInterceptor,
} from './circuit-breaker-interceptor.ts';
export {
  type CircuitBreakerJson,
  type HealthCheckJson,
  POLICY_NAME,
  type PolicyJson,
  type ReportedWeightsJson,
  type WarmUpJson,
} from './config.ts';
export type { BalancerMessage, FailoverMessage, MethodBreakerMessage } from './diagnostics.ts';
export type { AdaptiveJson, SubsetJson } from './dispatch-config.ts';
export { failoverInterceptor } from './failover-interceptor.ts';
export type { FailoverInterceptorOptions } from './failover-options.ts';
export { type BalancerReport, getBalancers } from './introspection.ts';
export { loadReportInterceptor } from './load-report-interceptor.ts';
export type { Methods } from './methods.ts';
export { assertRegistered, register, registerEndpointSource, type Target } from './register.ts';
