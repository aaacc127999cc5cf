import { type Balancer, type BalancerEvent, createBalancer } from '@wrr/core';
import type { PolicySettings } from './config.ts';
import type { LeafEndpoint } from './leaf.ts';

/** What outlives a policy instance: the balancer with its credits, breakers and warm-ups. */
export interface PolicyState {
  readonly balancer: Balancer<LeafEndpoint>;
  /** Whoever uses it now, and hears its events. */
  owner: { onBalancerEvent(event: BalancerEvent): void } | undefined;
}

/**
 * States by channel. A channel that goes idle throws its policy away and builds another when it is
 * used again; what was learnt about the endpoints must not be lost with it. The map holds channels
 * weakly: a state goes with its channel.
 */
const states = new WeakMap<object, PolicyState>();

/**
 * Returns the state of `channel`, made if there is none. While two policies of a channel overlap (a
 * config that changed to another policy and back), the second gets a state of its own.
 */
export function takeState(channel: object, settings: PolicySettings): PolicyState {
  const kept = states.get(channel);
  if (kept !== undefined && kept.owner === undefined) return kept;
  const state: PolicyState = {
    owner: undefined,
    balancer: createBalancer<LeafEndpoint>({
      ...settings.balancer,
      clock: performance,
      ...(settings.startPhase === 'random' && { random: Math.random }),
      assumeAvailable: false,
      onEvent: (event) => state.owner?.onBalancerEvent(event),
    }),
  };
  states.set(channel, state);
  return state;
}
