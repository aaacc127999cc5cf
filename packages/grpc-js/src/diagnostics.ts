import { type Channel, channel } from 'node:diagnostics_channel';
import type { BalancerEvent, CircuitBreakerEvent, GiveUpReason } from '@wrr/core';
import type { StatusObject } from './grpc.ts';

/** A message on `wrr:endpoint` or `wrr:breaker`: core's event, and the channel's target if known. */
export type BalancerMessage = BalancerEvent & { readonly target: string | undefined };

/** A message on `wrr:breaker` from a `circuitBreakerInterceptor`. */
export type MethodBreakerMessage = CircuitBreakerEvent & { readonly path: string };

/** A message on `wrr:failover`, from a `failoverInterceptor`. */
export interface FailoverMessage {
  readonly type: 'failover';
  /** The method. */
  readonly path: string;
  /** What follows: another attempt, after a failure or beside one, or the reason why there is none. */
  readonly action: 'retry' | 'hedge' | GiveUpReason;
  /** Number of the attempt that follows; of attempts made, if none does. */
  readonly attempt: number;
  /** How long it waits. */
  readonly delayMs: number;
  /** Where the latest attempt was sent. */
  readonly endpoint: string | undefined;
  /** What the failed attempt ended with; undefined for a hedge. */
  readonly status: StatusObject | undefined;
}

const endpoints = channel('wrr:endpoint');
const breakers = channel('wrr:breaker');
const failovers = channel('wrr:failover');

/**
 * Publishes a balancer's event on `node:diagnostics_channel`: changes of the set on `wrr:endpoint`,
 * breakers and panic on `wrr:breaker`. Costs next to nothing while nobody subscribes.
 */
export function publishBalancerEvent(target: string | undefined, event: BalancerEvent): void {
  const isBreaker = event.type === 'breaker' || event.type === 'panic';
  publish(isBreaker ? breakers : endpoints, (): BalancerMessage => ({ ...event, target }));
}

/** Publishes a change of a method's breaker on `wrr:breaker`. */
export function publishMethodBreaker(message: () => MethodBreakerMessage): void {
  publish(breakers, message);
}

/** Publishes a retry, a hedge, or why there was none on `wrr:failover`. */
export function publishFailover(message: () => FailoverMessage): void {
  publish(failovers, message);
}

function publish(to: Channel, message: () => unknown): void {
  if (to.hasSubscribers) to.publish(message());
}
