export { channelOptions, type RetryPolicyJson, type WrrChannelOptions } from './channel-options.ts';
export {
  type CircuitBreakerJson,
  POLICY_NAME,
  type PolicyJson,
  type WarmUpJson,
} from './config.ts';
export type { BalancerMessage } from './diagnostics.ts';
export { type BalancerReport, getBalancers } from './introspection.ts';
export { assertRegistered, register, registerEndpointSource, type Target } from './register.ts';
