import { credentials, Metadata } from '@grpc/grpc-js';
import type { EndpointStatus } from '@wrr/core';
import {
  channelOptions,
  failoverInterceptor,
  getBalancers,
  register,
  registerEndpointSource,
} from '@wrr/grpc-js';
import type { DemoRegistry } from './registry.ts';
import { SERVICE } from './registry.ts';
import type { Call } from './traffic.ts';
import { loadUserService, type UserServiceClient } from './user-service.ts';

/** The service config of the Go system, word for word. */
const SERVICE_CONFIG = {
  loadBalancingConfig: [{ custom_weighted_round_robin: {} }],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: '0.01s',
        maxBackoff: '0.1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

/**
 * What that retry policy says, with what gRPC's own retries lack: a time for each attempt, so that a
 * server that hangs is left, and a retry when a server dies between its headers and its answer.
 */
const FAILOVER = {
  idempotent: true,
  maxAttempts: 4,
  backoff: { initialMs: 10, maxMs: 100, multiplier: 2 },
  retryableCodes: ['UNAVAILABLE'],
  perAttemptTimeoutMs: 500,
};

/** Time a call may take, all attempts included. */
const DEADLINE_MS = 2_000;

/** The demo's client. */
export interface DemoClient {
  /** Calls `GetUser`; resolves with the name of the server that answered. */
  readonly call: Call;
  /** The balancer's endpoints, empty before the first call. */
  readonly endpoints: () => readonly EndpointStatus[];
  close(): void;
}

/** Opens a client on `etcd:///service/user`, or `memory:///service/user`. */
export function openClient(registry: DemoRegistry): DemoClient {
  register();
  registerEndpointSource(registry.kind, ({ path }) => registry.source(path));
  const target = `${registry.kind}:///${SERVICE}`;
  const UserService = loadUserService();
  const client = new UserService(target, credentials.createInsecure(), {
    ...channelOptions(),
    'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
    // One layer of retries: the interceptor's.
    'grpc.enable_retries': 0,
    interceptors: [failoverInterceptor(FAILOVER)],
  }) as unknown as UserServiceClient;
  client.getChannel().getConnectivityState(true);

  return {
    call: () =>
      new Promise((resolve, reject) => {
        const deadline = new Date(Date.now() + DEADLINE_MS);
        client.getUser({ id: '1' }, new Metadata(), { deadline }, (error, user) => {
          if (error !== null) reject(error);
          else resolve(user?.servedBy ?? '');
        });
      }),
    endpoints: () => getBalancers().flatMap((balancer) => balancer.endpoints),
    close: () => client.close(),
  };
}
