import {
  Client,
  type ClientOptions,
  connectivityState,
  credentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { createListeners, type EndpointSnapshot, type EndpointSource } from '@wrr/core';
import { channelOptions, getBalancers, type WrrChannelOptions } from '@wrr/grpc-js';
import {
  callUnary,
  type GrpcCluster,
  type GrpcServerOptions,
  startGrpcCluster,
  waitFor,
} from '@wrr/test-support';
import { afterEach } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Closes something after the test. */
export function closing<T extends { close(): unknown }>(what: T): T {
  closers.push(() => what.close());
  return what;
}

/** Starts servers that live as long as the test. */
export async function cluster(
  ...entries: readonly (number | GrpcServerOptions)[]
): Promise<GrpcCluster> {
  return closing(await startGrpcCluster(entries));
}

/** A client without connections to share with other tests. */
export function clientOf(target: string, options: ClientOptions = {}): Client {
  return closing(
    new Client(target, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    }),
  );
}

/** Options of a channel whose sequence is nginx's from its first pick. */
export function fromFirst(options: WrrChannelOptions = {}): ClientOptions {
  return channelOptions({ ...options, policy: { startPhase: 'first', ...options.policy } });
}

/** Connects, and waits until the policy can reach `count` endpoints. */
export async function connected(client: Client, count: number): Promise<Client> {
  const channel = client.getChannel();
  await waitFor(() => channel.getConnectivityState(true) === connectivityState.READY);
  await waitFor(() => getBalancers().some((report) => reachable(report.endpoints) === count));
  return client;
}

function reachable(endpoints: readonly { readonly available: boolean }[]): number {
  return endpoints.filter(({ available }) => available).length;
}

/** Makes a call that must fail, and returns its error. */
export async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call did not fail');
}

/** Makes `count` calls at once, returns how many each server answered. */
export async function shares(client: Client, count: number): Promise<Record<string, number>> {
  const result: Record<string, number> = {};
  const replies = await Promise.all(Array.from({ length: count }, () => callUnary(client)));
  for (const { server } of replies) result[server] = (result[server] ?? 0) + 1;
  return result;
}

/** A source of which the test says what it knows. */
export interface PushedSource extends EndpointSource {
  push(snapshot: EndpointSnapshot): void;
  readonly subscribers: number;
}

export function pushedSource(first?: EndpointSnapshot): PushedSource {
  const listeners = createListeners<EndpointSnapshot>();
  let latest = first;
  return {
    get subscribers() {
      return listeners.size;
    },
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

export { callUnary, status };
