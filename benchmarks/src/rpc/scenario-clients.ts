import { Client, credentials } from '@grpc/grpc-js';
import { channelOptions, type PolicyJson } from '@wrr/grpc-js';
import { callUnary, type EchoReply } from '@wrr/test-support';
import { connect, roundRobin } from './clients.ts';
import type { ScenarioServers } from './scenario-servers.ts';

/** How long a call may take. One that fails counts as one that took so long. */
export const DEADLINE_MS = 2_000;

/** One way of spreading calls over the five servers. */
export interface Contender {
  readonly servers: ScenarioServers;
  call(): Promise<EchoReply>;
  close(): void;
}

const options = () => ({ deadline: Date.now() + DEADLINE_MS });

async function channel(
  servers: ScenarioServers,
  scheme: 'wrr:///' | 'ipv4:',
  clientOptions: Parameters<typeof connect>[1],
): Promise<Contender> {
  const client = await connect(`${scheme}${servers.addresses.join(',')}`, {
    ...clientOptions,
    'grpc.initial_reconnect_backoff_ms': 250,
    'grpc.max_reconnect_backoff_ms': 1_500,
  });
  return {
    servers,
    call: () => callUnary(client, {}, options()),
    close: () => client.close(),
  };
}

/** Neither breakers nor retries: what dispatch does alone. */
function policy(servers: ScenarioServers, dispatch: PolicyJson['dispatch']): Promise<Contender> {
  const json: PolicyJson = { circuitBreaker: false, ...(dispatch !== undefined && { dispatch }) };
  return channel(servers, 'wrr:///', channelOptions({ policy: json }));
}

/**
 * The baseline that people write themselves: a client for each server, each call to the one with the
 * fewest calls in flight, ties in turn. It looks at all five, which is more than the usual two.
 */
function leastLoaded(servers: ScenarioServers): Contender {
  const lanes = servers.addresses.map((address) => ({
    inFlight: 0,
    client: new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 250,
      'grpc.max_reconnect_backoff_ms': 1_500,
    }),
  }));
  let turn = 0;
  return {
    servers,
    async call() {
      turn++;
      const inTurn = lanes.map((_, index) => lanes[(index + turn) % lanes.length] ?? lanes[0]);
      const lane = inTurn.reduce((best, next) =>
        next !== undefined && best !== undefined && next.inFlight < best.inFlight ? next : best,
      );
      if (lane === undefined) throw new Error('no servers');
      lane.inFlight++;
      try {
        return await callUnary(lane.client, {}, options());
      } finally {
        lane.inFlight--;
      }
    },
    close() {
      for (const { client } of lanes) client.close();
    },
  };
}

/** All that are compared. The servers of `reporting` tell of their load, those of `silent` do not. */
export async function contenders(
  silent: ScenarioServers,
  reporting: ScenarioServers,
): Promise<Readonly<Record<string, Contender>>> {
  return {
    ours: await policy(silent, 'adaptive'),
    'with reports': await policy(reporting, 'adaptive'),
    static: await policy(silent, 'static'),
    round_robin: await channel(silent, 'ipv4:', roundRobin),
    'least loaded': leastLoaded(silent),
  };
}
