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
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import { mapValues } from '../interleave.ts';
import type { Context, Row } from '../suite.ts';
import { roundRobin } from './clients.ts';
import { latencyRows } from './latency-picture.ts';
import { type Comparison, compareCalls, row } from './throughput.ts';

/** What nice-grpc makes of the test service, and its types do not see. */
interface EchoClient {
  unary(request: EchoRequest): Promise<EchoReply>;
}

const OWN_CONNECTIONS = { 'grpc.use_local_subchannel_pool': 1 };

/**
 * Unary calls of nice-grpc over three loopback servers, as for grpc-js. `ours` has everything on:
 * failover with a timeout for each attempt, the method's circuit breaker, a deadline for each call, and
 * a breaker for each endpoint. `round_robin` has none of it, not even a deadline, as `ours, no time
 * limits` has none; the other peer has what nice-grpc itself offers.
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
  const everything = createClientFactory()
    .use(failoverMiddleware({ idempotent: () => true, perAttemptTimeoutMs: 1_000 }))
    .use(circuitBreakerMiddleware());
  const unlimited = createClientFactory()
    .use(failoverMiddleware({ idempotent: () => true }))
    .use(circuitBreakerMiddleware());
  const guarded = createClientFactory().use(circuitBreakerMiddleware());
  const theirs = createClientFactory().use(retryMiddleware).use(deadlineMiddleware);
  const plain = createClientFactory();

  let compared: Comparison;
  try {
    const limits = { '*': { deadline: 10_000 } };
    const clients: Record<string, object> = {
      ours: everything.create(echoService, await ours(), limits),
      round_robin: plain.create(echoService, await bare()),
      "round_robin, nice-grpc's retry and deadline": theirs.create(echoService, await bare(), {
        '*': { deadline: 10_000, retry: true },
      }),
      'ours, no time limits': unlimited.create(echoService, await ours()),
      'policy and circuit breaker': guarded.create(echoService, await ours()),
    };
    const calls = mapValues(clients, (client) => () => (client as EchoClient).unary({}));
    for (const call of Object.values(calls)) {
      const seen = new Set<string>();
      await waitFor(async () => seen.add((await call()).server).size === cluster.servers.length);
    }
    compared = await compareCalls(calls, context);
  } finally {
    for (const channel of channels) channel.close();
    await cluster.close();
  }
  const { turns, latencies } = compared;
  const name = 'nice-grpc: unary calls, 32 callers, 3 servers';
  return [
    row(`${name}: throughput`, 'calls/s', turns, ({ rate }) => rate, {
      moreIsBetter: true,
      goal: [0.95, '≥ 0.95 of a bare client with round_robin'],
    }),
    row(`${name}: p99`, 'ms', turns, ({ p99 }) => p99, { moreIsBetter: false }),
    row(`${name}: client CPU`, 'µs/call', turns, ({ cpu }) => cpu, { moreIsBetter: false }),
    ...latencyRows('rpc', 'nice-grpc', latencies, turns['ours']?.length ?? 0),
  ];
}
