import { circuitBreakerMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { createChannel } from '@wrr/nice-grpc/channel';
import {
  type EchoReply,
  type EchoRequest,
  echoService,
  startGrpcCluster,
  waitFor,
} from '@wrr/test-support';
import {
  type Channel,
  createChannel as createBareChannel,
  createClientFactory,
  waitForChannelReady,
} from 'nice-grpc';
import { mapValues } from '../interleave.ts';
import type { Context, Row } from '../suite.ts';
import { roundRobin } from './clients.ts';
import { compareCalls, row, type Turn } from './throughput.ts';

/** What nice-grpc makes of the test service, and its types do not see. */
interface EchoClient {
  unary(request: EchoRequest): Promise<EchoReply>;
}

const OWN_CONNECTIONS = { 'grpc.use_local_subchannel_pool': 1 };

/**
 * Unary calls of nice-grpc over three loopback servers, as for grpc-js. `ours` has everything on:
 * failover with a timeout for each attempt, the method's circuit breaker, a deadline for each call, and
 * a breaker for each endpoint. The bare client has none of it.
 */
export async function niceGrpcRows(context: Context): Promise<Row[]> {
  const cluster = await startGrpcCluster([1, 1, 1]);
  const channels: Channel[] = [];
  const open = async (channel: Channel): Promise<Channel> => {
    channels.push(channel);
    await waitForChannelReady(channel, new Date(Date.now() + 10_000));
    return channel;
  };
  const ours = (): Promise<Channel> =>
    open(createChannel(`wrr:///${cluster.weighted}`, undefined, OWN_CONNECTIONS));
  const bare = (): Promise<Channel> =>
    open(
      createBareChannel(`ipv4:${cluster.addresses}`, undefined, {
        ...roundRobin,
        ...OWN_CONNECTIONS,
      }),
    );
  const failover = failoverMiddleware({ idempotent: () => true, perAttemptTimeoutMs: 1_000 });

  let turns: Record<string, Turn[]>;
  try {
    const everything = createClientFactory()
      .use(failover)
      .use(circuitBreakerMiddleware())
      .create(echoService, await ours(), { '*': { deadline: 10_000 } });
    const guarded = createClientFactory()
      .use(circuitBreakerMiddleware())
      .create(echoService, await ours());
    const policy = createClientFactory().create(echoService, await ours());
    const roundRobinClient = createClientFactory().create(echoService, await bare());
    const clients: Record<string, EchoClient> = {
      ours: everything as object as EchoClient,
      round_robin: roundRobinClient as object as EchoClient,
      'policy alone': policy as object as EchoClient,
      'policy and circuit breaker': guarded as object as EchoClient,
    };
    const calls = mapValues(clients, (client) => () => client.unary({}));
    for (const call of Object.values(calls)) {
      const seen = new Set<string>();
      await waitFor(async () => seen.add((await call()).server).size === cluster.servers.length);
    }
    turns = await compareCalls(calls, context);
  } finally {
    for (const channel of channels) channel.close();
    await cluster.close();
  }
  const name = 'nice-grpc: unary calls, 32 callers, 3 servers';
  return [
    row(`${name}: throughput`, 'calls/s', turns, ({ rate }) => rate, {
      moreIsBetter: true,
      goal: [0.95, '≥ 0.95 of a bare client with round_robin'],
    }),
    row(`${name}: p99`, 'ms', turns, ({ p99 }) => p99, { moreIsBetter: false }),
    row(`${name}: client CPU`, 'µs/call', turns, ({ cpu }) => cpu, { moreIsBetter: false }),
  ];
}
