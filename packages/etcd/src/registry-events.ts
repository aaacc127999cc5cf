import { channel } from 'node:diagnostics_channel';
import type { EtcdError } from './errors.ts';

/** What happens between this process and its registry. Never holds a password or a token. */
export type RegistryEvent = RegistrationEvent | SourceEvent;

/** What happens to a server's own entry. */
export type RegistrationEvent = { readonly service: string; readonly address: string } & (
  | { readonly type: 'registered'; readonly leaseId: string; readonly ttlMs: number }
  /** The value that is now stored, after `setWeight` or `drain`. */
  | { readonly type: 'weight-stored'; readonly weight: number }
  /** The lease has ended; a new one is being taken. */
  | { readonly type: 'lease-lost'; readonly leaseId: string }
  /** The key had been deleted or overwritten and has been written again. */
  | { readonly type: 'repaired'; readonly found: 'deleted' | 'overwritten' | 'without-lease' }
  /** Another process has registered this address; this one stands by in case that one goes. */
  | { readonly type: 'superseded'; readonly leaseId: string }
  /** The registry does not answer as it should; being tried again. */
  | { readonly type: 'failing'; readonly error: EtcdError }
  /** After `failing`: all is well again. */
  | { readonly type: 'recovered' }
  | { readonly type: 'deregistered' }
);

/** What happens to a list of endpoints. */
export type SourceEvent = { readonly service: string } & (
  | { readonly type: 'current'; readonly endpoints: number }
  | { readonly type: 'stale'; readonly error: EtcdError; readonly endpoints: number }
  /** A value could not be used, or only in part. */
  | { readonly type: 'rejected'; readonly key: string; readonly reason: string }
  /** Many keys have gone at once; their endpoints are kept for a while. */
  | { readonly type: 'deletion-held'; readonly keys: number }
);

const registry = channel('wrr:registry');

/** Publishes on the diagnostics channel `wrr:registry`. Costs next to nothing without subscribers. */
export function publish(event: RegistryEvent): void {
  if (registry.hasSubscribers) registry.publish(event);
}
