import type { Client } from '@grpc/grpc-js';
import { encodeLoadReport, type LoadReport } from '@wrr/core';
import {
  channelOptions,
  getBalancers,
  type PolicyJson,
  register,
  registerEndpointSource,
  type WrrChannelOptions,
} from '@wrr/grpc-js';
import { type EchoReply, echoService, type GrpcBehaviour, waitFor } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import {
  callUnary,
  clientOf,
  cluster,
  connected,
  fromFirst,
  pushedSource,
  shares,
} from '../clients.ts';

register();

const adaptive = (options: WrrChannelOptions = {}) =>
  channelOptions({ ...options, policy: { dispatch: 'adaptive', ...options.policy } });

/** What adaptive dispatch knows of each endpoint, in the order of the target. */
const loads = () => getBalancers()[0]?.endpoints.map(({ load }) => load) ?? [];

function reporting(report: LoadReport): { readonly behaviour: GrpcBehaviour } {
  const bytes = Buffer.from(encodeLoadReport(report)).toString('base64');
  return { behaviour: { trailers: { 'wrr-load-bin': bytes } } };
}

/** Makes a call with a stream of responses and reads it to its end. */
function callStream(client: Client, behaviour: GrpcBehaviour = {}): Promise<EchoReply[]> {
  const { path, requestSerialize, responseDeserialize } = echoService.serverStream;
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
    behaviour,
  });
  return new Promise((resolve, reject) => {
    const replies: EchoReply[] = [];
    call.on('data', (reply: EchoReply) => replies.push(reply));
    call.on('end', () => resolve(replies));
    call.on('error', reject);
  });
}

/** So many callers, each with so many calls, one after the other: calls by server. */
async function underLoad(client: Client, callers: number, calls: number) {
  const result: { [server: string]: number; a?: number; b?: number; c?: number } = {};
  const caller = async () => {
    for (let index = 0; index < calls; index++) {
      const { server } = await callUnary(client);
      result[server] = (result[server] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return result;
}

describe('adaptive dispatch', () => {
  it('is exactly static while all are equally loaded', async () => {
    const all = await cluster(5, 1, 1);
    const options = fromFirst({ policy: { dispatch: 'adaptive' } });
    const client = await connected(clientOf(`wrr:///${all.weighted}`, options), 3);
    let order = '';
    for (let index = 0; index < 14; index++) order += (await callUnary(client)).server;
    expect(order).toBe('aabacaaaabacaa');
  });

  it('sends a slow endpoint what it can do in that time', async () => {
    const all = await cluster({ behaviour: { delayMs: 200 } }, {}, {});
    const client = await connected(clientOf(`wrr:///${all.weighted}`, adaptive()), 3);
    const { a = 0, b = 0, c = 0 } = await underLoad(client, 12, 50);
    expect(a).toBeLessThan((b + c) / 10); // by weight it would be half
    expect(loads()[0]?.latencyMs).toBeGreaterThan(100);
  });

  it('heeds what servers say of requests in flight', async () => {
    const busy = reporting({ inFlight: 100 });
    const idle = reporting({ inFlight: 0 });
    const all = await cluster(busy, idle, idle);
    const client = await connected(clientOf(`wrr:///${all.weighted}`, adaptive()), 3);
    await waitFor(async () => (await callUnary(client)).server === 'a');
    expect((await underLoad(client, 1, 60)).a ?? 0).toBeLessThan(10);
  });

  it('heeds capacity as ORCA reports it', async () => {
    const orca = (qps: number, utilization: number) => {
      const bytes = Buffer.alloc(18);
      bytes[0] = 0x31;
      bytes.writeDoubleLE(qps, 1);
      bytes[9] = 0x49;
      bytes.writeDoubleLE(utilization, 10);
      return { behaviour: { trailers: { 'endpoint-load-metrics-bin': bytes.toString('base64') } } };
    };
    const all = await cluster(orca(100, 1), orca(100, 0.5), orca(100, 0.25));
    const client = await connected(clientOf(`wrr:///${all.weighted}`, adaptive()), 3);
    await waitFor(async () => {
      await shares(client, 30);
      const [a, , c] = loads();
      return (a?.capacityMultiplier ?? 1) < 0.7 && (c?.capacityMultiplier ?? 1) > 1.5;
    });
  });

  it('can be switched on and off on an open channel, without a new connection', async () => {
    const all = await cluster(2, 1);
    const source = pushedSource();
    const push = (dispatch: PolicyJson['dispatch']) =>
      source.push({
        endpoints: all.servers.map(({ address, weight }) => ({ key: address, weight })),
        serviceConfig: { loadBalancingConfig: [{ custom_weighted_round_robin: { dispatch } }] },
      });
    push('static');
    registerEndpointSource('dispatch', () => source);
    const client = await connected(clientOf('dispatch:///all'), 2);
    expect(loads()).toEqual([undefined, undefined]);
    push('adaptive');
    await waitFor(() => loads().every((load) => load !== undefined));
    await shares(client, 12);
    push({ latencyDeadBand: false });
    push('static');
    await waitFor(() => loads().every((load) => load === undefined));
    expect(await shares(client, 30)).toEqual({ a: 20, b: 10 });
    expect(await all.total('connections')).toBe(2);
  });

  it.each([
    ['alone', {}],
    ['under failover', { failover: { idempotent: true } }],
    ["under grpc-js's retries", { retryPolicy: retryPolicy() }],
  ])('takes no latency from streams, %s, and tells servers nothing of it', async (_, options) => {
    const all = await cluster(1, 1);
    const client = await connected(clientOf(`wrr:///${all.weighted}`, adaptive(options)), 2);
    const streams = Array.from({ length: 8 }, () => callStream(client, { delayMs: 1_000 }));
    for (const [reply] of await Promise.all(streams)) {
      expect(Object.keys(reply?.metadata ?? {}).filter((key) => key.startsWith('wrr'))).toEqual([]);
    }
    // Averages are made ten times a second, by a pick.
    await waitFor(async () => {
      await callUnary(client);
      return loads().every((load) => (load?.latencyMs ?? 0) > 0);
    });
    for (const load of loads()) expect(load?.latencyMs).toBeLessThan(500);
  });

  it.each([
    [{ dispatch: 'fastest' }, 'dispatch must be "static" or "adaptive", got "fastest"'],
    [{ dispatch: { slack: 0 } }, 'slack must be a number > 0'],
    [{ dispatch: { speed: 1 } }, 'dispatch.speed is not an option'],
    [{ subset: { clientIndex: 1 } }, 'subset.size must be an integer >= 1'],
    [{ subset: { size: 5 } }, 'subset needs one of clientIndex and clientId'],
    [{ subset: { size: 5, clientId: 7 } }, 'subset.clientId must be a string, got 7'],
  ])('refuses %j', (policy, message) => {
    expect(() => channelOptions({ policy: policy as never })).toThrow(message);
  });
});

function retryPolicy() {
  return {
    maxAttempts: 2,
    initialBackoff: '0.01s',
    maxBackoff: '0.1s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
}

describe('a subset', () => {
  it('is all that a client connects to; together, clients use every server equally', async () => {
    const all = await cluster(1, 1, 1, 1);
    const of = (clientIndex: number) =>
      clientOf(
        `wrr:///${all.weighted}`,
        channelOptions({ policy: { subset: { size: 2, clientIndex } } }),
      );
    const first = of(0);
    await waitFor(async () => {
      await callUnary(first);
      return getBalancers()[0]?.endpoints.every(({ available }) => available);
    });
    const mine = await shares(first, 10);
    expect(Object.values(mine)).toEqual([5, 5]);
    expect(await all.total('connections')).toBe(2);
    const second = of(1);
    await waitFor(async () => {
      await callUnary(second);
      return getBalancers().every(({ endpoints }) => endpoints.every((one) => one.available));
    });
    const theirs = await shares(second, 10);
    expect(Object.keys({ ...mine, ...theirs }).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(await all.total('connections')).toBe(4);
  });
});
