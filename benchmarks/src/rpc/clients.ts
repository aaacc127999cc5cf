import { Client, type ClientOptions, connectivityState, credentials } from '@grpc/grpc-js';
import { createListeners, type EndpointSnapshot, type EndpointSource } from '@wrr/core';
import { channelOptions, register } from '@wrr/grpc-js';
import { callUnary, type GrpcCluster, waitFor } from '@wrr/test-support';

register();

/** grpc-js's built-in round robin, as its documentation says to use it. */
export const roundRobin: ClientOptions = {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};

/** Everything on: weights, a breaker for each endpoint, failover with a timeout for each attempt. */
export function everythingOn(): ClientOptions {
  return channelOptions({ failover: { idempotent: true, perAttemptTimeoutMs: 1_000 } });
}

/** A client with connections of its own to all servers. */
export async function connect(target: string, options: ClientOptions): Promise<Client> {
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  const channel = client.getChannel();
  await waitFor(() => channel.getConnectivityState(true) === connectivityState.READY);
  return client;
}

/** Waits until every server has answered. */
export async function spread(client: Client, { servers }: GrpcCluster): Promise<void> {
  const seen = new Set<string>();
  await waitFor(async () => {
    seen.add((await callUnary(client)).server);
    return seen.size === servers.length;
  });
}

/** A source that a benchmark feeds. */
export interface FedSource extends EndpointSource {
  push(snapshot: EndpointSnapshot): void;
}

export function fedSource(): FedSource {
  const listeners = createListeners<EndpointSnapshot>();
  let latest: EndpointSnapshot | undefined;
  return {
    push(snapshot) {
      latest = snapshot;
      listeners.tell(snapshot);
    },
    subscribe(listener) {
      if (latest !== undefined) listener(latest);
      return listeners.add(listener);
    },
  };
}
