import { channel } from 'node:diagnostics_channel';
import type { BalancerEvent } from '@wrr/core';

/** A message on `wrr:endpoint` and `wrr:breaker`: core's event, and the channel's target if known. */
export type BalancerMessage = BalancerEvent & { readonly target: string | undefined };

const endpointChannel = channel('wrr:endpoint');
const breakerChannel = channel('wrr:breaker');

/**
 * Publishes a balancer's event on `node:diagnostics_channel`: changes of the set on `wrr:endpoint`,
 * breakers and panic on `wrr:breaker`. Costs next to nothing while nobody subscribes.
 */
export function publishBalancerEvent(target: string | undefined, event: BalancerEvent): void {
  const isBreaker = event.type === 'breaker' || event.type === 'panic';
  const { hasSubscribers } = isBreaker ? breakerChannel : endpointChannel;
  if (!hasSubscribers) return;
  const message: BalancerMessage = { ...event, target };
  (isBreaker ? breakerChannel : endpointChannel).publish(message);
}
