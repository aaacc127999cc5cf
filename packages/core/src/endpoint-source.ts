import type { Endpoint } from './endpoint.ts';

/** A service config as gRPC writes it in JSON: methods' retry policies, the load-balancing policy. */
export type ServiceConfig = Readonly<Record<string, unknown>>;

/** Everything a source knows, whole. Applying the same snapshot twice changes nothing. */
export interface EndpointSnapshot {
  /** All endpoints of the service, without duplicate keys. */
  readonly endpoints: readonly Endpoint[];
  /** The service config that comes with the list, when the source has one. */
  readonly serviceConfig?: ServiceConfig;
  /**
   * When contact with the registry was lost, in epoch milliseconds. Absent while the list is current.
   * The endpoints are then the last ones known.
   */
  readonly staleSince?: number;
  /** Why the list is stale, or why there is none yet. */
  readonly error?: Error;
}

/**
 * Says which endpoints a service has, now and at every change: a resolver without gRPC.
 *
 * Sources send whole snapshots, never differences, so that nothing can be lost between two of them.
 */
export interface EndpointSource {
  /**
   * Calls `listener` with the current snapshot as soon as there is one (possibly before `subscribe`
   * returns), and again at every change, until the returned function is called. The first
   * subscription starts the source's work; the end of the last one stops it; it can be started again.
   */
  subscribe(listener: (snapshot: EndpointSnapshot) => void): () => void;
}
