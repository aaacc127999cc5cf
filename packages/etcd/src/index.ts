export type { EtcdClientOptions } from './client-options.ts';
export type { Decoded, DecodedEndpoint } from './codec.ts';
export { decodeEndpoint, encodeEndpoint, endpointKey } from './codec.ts';
export type { TlsOptions } from './connection.ts';
export type { DeletionGuardOptions } from './deletion-guard.ts';
export type { EtcdEndpointSource, EtcdEndpointSourceOptions } from './endpoint-source.ts';
export { createEtcdEndpointSource } from './endpoint-source.ts';
export type { EtcdErrorReason } from './errors.ts';
export { EtcdError, isEtcdError } from './errors.ts';
export type { EtcdClient } from './etcd-client.ts';
export { createEtcdClient } from './etcd-client.ts';
export type { EtcdAuth } from './login.ts';
export type {
  RegisteredServer,
  RegisterServerOptions,
  StoppableServer,
} from './register-server.ts';
export { registerServer } from './register-server.ts';
export type { EtcdRegistration } from './registration.ts';
export { registerEndpoint } from './registration.ts';
export type { EtcdRegistrationOptions } from './registration-options.ts';
export type { RegistrationEvent, RegistryEvent, SourceEvent } from './registry-events.ts';
export type { KeyWatch, WatchKeyOptions } from './watch-key.ts';
export { watchKey } from './watch-key.ts';
