import type { EndpointStatus } from '@wrr/core';
import { livePolicies } from './load-balancer.ts';

/** One channel's balancer, as a person at a console wants to see it. */
export interface BalancerReport {
  /** The channel's target, if its resolver is one of ours. */
  readonly target: string | undefined;
  /** Whether breakers are ignored because too few endpoints are available. */
  readonly panic: boolean;
  readonly endpoints: readonly EndpointStatus[];
}

/** Lists the balancers of all channels of this process that use the policy now. */
export function getBalancers(): readonly BalancerReport[] {
  return Array.from(livePolicies, (policy) => ({
    target: policy.target,
    panic: policy.panic,
    endpoints: policy.endpoints(),
  }));
}
