import type { CircuitBreakerEvent } from './circuit-breaker.ts';

/** A change of the set of endpoints. */
export type EndpointEvent =
  | { readonly type: 'endpoint-added'; readonly key: string; readonly weight: number }
  | { readonly type: 'endpoint-removed'; readonly key: string }
  | { readonly type: 'endpoint-weight'; readonly key: string; readonly weight: number };

/** An endpoint's circuit breaker changed its state. */
export type EndpointBreakerEvent = CircuitBreakerEvent & { readonly key: string };

/** Too few endpoints are left: from now on breakers are asked no more (or again, when it ends). */
export interface PanicEvent {
  readonly type: 'panic';
  /** Whether panic began (`true`) or ended (`false`). */
  readonly active: boolean;
  /** Endpoints that can be picked without panic. */
  readonly available: number;
  /** Endpoints that must be available for breakers to be heeded. */
  readonly required: number;
}

/** What a balancer tells its listener, after its state has changed. Picks are counters, not events. */
export type BalancerEvent = EndpointEvent | EndpointBreakerEvent | PanicEvent;
