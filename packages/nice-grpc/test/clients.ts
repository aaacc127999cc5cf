import { channelOptions, getBalancers, type PolicyJson, register } from '@wrr/grpc-js';
import { createChannel, grpcJs } from '@wrr/nice-grpc/channel';
import {
  type EchoReply,
  type EchoRequest,
  echoService,
  type GrpcServerProcess,
  startGrpcCluster,
  waitFor,
} from '@wrr/test-support';
import { type CallOptions, type ClientFactory, createClientFactory } from 'nice-grpc';
import { afterAll, afterEach } from 'vitest';

register(grpcJs);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Closes something after the test. */
export function closing<T extends { close(): unknown }>(what: T): T {
  closers.push(() => what.close());
  return what;
}

/** Three servers for all tests of a file, which behave again when a test has ended. */
export async function threeServers(): Promise<
  readonly [GrpcServerProcess, GrpcServerProcess, GrpcServerProcess]
> {
  const started = await startGrpcCluster([1, 1, 1]);
  afterAll(() => started.close());
  afterEach(async () => {
    for (const server of started.servers) {
      server.thaw();
      if (server.pid === undefined) await server.restart();
      await server.behave({});
      await server.resetCounters();
    }
  });
  const [a, b, c] = started.servers;
  if (a === undefined || b === undefined || c === undefined) throw new Error('no three servers');
  return [a, b, c];
}

/** What a client is made of. */
export interface EchoClientOptions<Ext> {
  readonly factory?: ClientFactory<Ext>;
  readonly policy?: PolicyJson;
  /** Weights of the servers. Default: 1 each. */
  readonly weights?: readonly number[];
}

/** The test service's client, whatever its middlewares. */
export interface EchoClient<Ext> {
  unary(request: EchoRequest, options?: CallOptions & Partial<Ext>): Promise<EchoReply>;
  clientStream(
    requests: AsyncIterable<EchoRequest>,
    options?: CallOptions & Partial<Ext>,
  ): Promise<EchoReply>;
  serverStream(
    request: EchoRequest,
    options?: CallOptions & Partial<Ext>,
  ): AsyncIterable<EchoReply>;
  bidi(
    requests: AsyncIterable<EchoRequest>,
    options?: CallOptions & Partial<Ext>,
  ): AsyncIterable<EchoReply>;
}

/** A client of the servers, connected to all of them. Its sequence is nginx's from the first pick. */
export async function clientOf<Ext = object>(
  servers: readonly GrpcServerProcess[],
  { factory, policy, weights = [] }: EchoClientOptions<Ext> = {},
): Promise<EchoClient<Ext>> {
  const weighted = servers.map(({ address }, index) => `${address}=${weights[index] ?? 1}`);
  const channel = createChannel(`wrr:///${weighted.join(',')}`, undefined, {
    ...channelOptions({ policy: { startPhase: 'first', ...policy } }),
    'grpc.use_local_subchannel_pool': 1,
  });
  closing(channel);
  channel.getConnectivityState(true);
  await waitFor(() => endpoints().filter(({ available }) => available).length === servers.length, {
    what: 'a connection to every server',
  });
  const client = (factory ?? createClientFactory()).create(echoService, channel);
  // Its type depends on the middlewares in a way that no helper can follow.
  return client as object as EchoClient<Ext>;
}

/** The endpoints of all channels, as their balancers see them. */
export function endpoints() {
  return getBalancers().flatMap((report) => report.endpoints);
}

/** A stream of so many requests; the first one may say how the server is to behave. */
export async function* requests(count: number, first: EchoRequest = {}) {
  for (let index = 0; index < count; index++) {
    const request: EchoRequest = { ...(index === 0 && first), payload: String(index) };
    yield request;
  }
}

/** The four kinds of calls, each made once and read to its end: the servers' replies. */
export const kinds: Readonly<
  Record<
    'unary' | 'clientStream' | 'serverStream' | 'bidi',
    (client: EchoClient<object>, options?: object) => Promise<readonly EchoReply[]>
  >
> = {
  unary: async (client, options) => [await client.unary({}, options)],
  clientStream: async (client, options) => [await client.clientStream(requests(3), options)],
  serverStream: (client, options) => all(client.serverStream({}, options)),
  bidi: (client, options) => all(client.bidi(requests(3), options)),
};

/** Reads a stream to its end. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}
