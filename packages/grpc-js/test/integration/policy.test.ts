import { connectivityState } from '@grpc/grpc-js';
import { createMemoryRegistry } from '@wrr/core';
import { channelOptions, getBalancers, register, registerEndpointSource } from '@wrr/grpc-js';
import { answeredBy, waitFor } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import {
  callUnary,
  clientOf,
  cluster,
  connected,
  failure,
  fromFirst,
  shares,
  status,
} from '../clients.ts';

register();

/** The service config of the Go system, word for word. */
const GO_SERVICE_CONFIG =
  '{"loadBalancingConfig":[{"custom_weighted_round_robin":{}}],"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"0.1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}';

describe('weights', () => {
  it('come in nginx’s exact order over one channel', async () => {
    const { weighted } = await cluster(5, 1, 1);
    const client = await connected(clientOf(`wrr:///${weighted}`, fromFirst()), 3);
    expect((await answeredBy(client, 14)).join('')).toBe('aabacaaaabacaa');
  });

  it('give exact shares over whole cycles, from whatever phase, with calls at once', async () => {
    const { weighted } = await cluster(5, 3, 1);
    const client = await connected(clientOf(`wrr:///${weighted}`, channelOptions()), 3);
    expect(await shares(client, 900)).toEqual({ a: 500, b: 300, c: 100 });
  });

  it('of 0 send nothing, and all of 0 fail at once', async () => {
    const { servers } = await cluster(1, 1);
    const [a, b] = servers.map(({ address }) => address);
    const some = await connected(clientOf(`wrr:///${a}=1,${b}=0`, fromFirst()), 2);
    expect(await shares(some, 10)).toEqual({ a: 10 });
    const none = clientOf(`wrr:///${a}=0,${b}=0`, fromFirst());
    const error = await failure(callUnary(none));
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    expect(error.details).toContain('all endpoints are drained');
  });

  it('from the config serve targets whose resolver knows none', async () => {
    const { servers, addresses } = await cluster(1, 1);
    const weights = { [servers[0]?.address as string]: 3 };
    const options = fromFirst({ policy: { weights } });
    const client = await connected(clientOf(`ipv4:${addresses}`, options), 2);
    expect(await shares(client, 8)).toEqual({ a: 6, b: 2 });
  });

  it('change live: new shares from the next pick, and no new connection', async () => {
    const all = await cluster(1, 1);
    const { servers } = all;
    const registry = createMemoryRegistry();
    const [a] = await Promise.all(
      servers.map(({ address }) => registry.register({ service: 'live', address, weight: 1 })),
    );
    registerEndpointSource('memory', ({ path }) => registry.source(path));
    const client = await connected(clientOf('memory:///live', fromFirst()), 2);
    expect(await shares(client, 10)).toEqual({ a: 5, b: 5 });
    const connections = await all.total('connections');
    await a?.setWeight(4);
    await waitFor(() => getBalancers()[0]?.endpoints.some(({ weight }) => weight === 4));
    expect(await shares(client, 10)).toEqual({ a: 8, b: 2 });
    expect(await all.total('connections')).toBe(connections);
  });
});

describe('the service config of the Go system', () => {
  it('works word for word: weights, and no failed call while one endpoint fails', async () => {
    const { servers, weighted } = await cluster(5, 3, 1);
    const options = { 'grpc.service_config': GO_SERVICE_CONFIG };
    const client = await connected(clientOf(`wrr:///${weighted}`, options), 3);
    expect(await shares(client, 90)).toEqual({ a: 50, b: 30, c: 10 });
    await servers[0]?.behave({ failWith: status.UNAVAILABLE });
    expect(Object.keys(await shares(client, 50)).sort()).toEqual(['b', 'c']);
  });
});

describe('a retry', () => {
  const retryPolicy = {
    maxAttempts: 5,
    initialBackoff: '0.01s',
    maxBackoff: '0.01s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };

  it('never goes back to an endpoint while an untried one is left', async () => {
    const { servers, weighted } = await cluster(100, 100, 1);
    for (const server of servers.slice(0, 2)) await server.behave({ failWith: status.UNAVAILABLE });
    const options = fromFirst({ retryPolicy, policy: { circuitBreaker: false } });
    const client = await connected(clientOf(`wrr:///${weighted}`, options), 3);
    for (let call = 0; call < 20; call++) {
      const before = await Promise.all(servers.map((server) => server.counters()));
      expect((await callUnary(client)).server).toBe('c');
      const after = await Promise.all(servers.map((server) => server.counters()));
      after.forEach(({ calls }, index) => {
        expect(calls - (before[index]?.calls ?? 0)).toBeLessThanOrEqual(1);
      });
    }
  });

  it('begins another round when all were tried, again without repeating one', async () => {
    const { servers, weighted } = await cluster(1, 1);
    for (const server of servers) await server.behave({ failWith: status.UNAVAILABLE });
    const options = fromFirst({ retryPolicy, policy: { circuitBreaker: false } });
    const client = await connected(clientOf(`wrr:///${weighted}`, options), 2);
    await failure(callUnary(client));
    const calls = await Promise.all(servers.map(async (server) => (await server.counters()).calls));
    expect(new Set(calls)).toEqual(new Set([2, 3]));
  });
});

describe('an endpoint that fails', () => {
  it('is ejected by its breaker, and comes back after a probe', async () => {
    const { servers, weighted } = await cluster(1, 1, 1);
    const policy = { circuitBreaker: { consecutiveFailures: 3, open: '0.3s', probes: 1 } };
    const client = await connected(clientOf(`wrr:///${weighted}`, fromFirst({ policy })), 3);
    await servers[1]?.behave({ failWith: status.UNAVAILABLE });
    await Promise.allSettled(Array.from({ length: 30 }, () => callUnary(client)));
    expect(stateOf(servers[1]?.address)).toMatchObject({ breaker: 'open', ejected: true });
    expect(await shares(client, 6)).toEqual({ a: 3, c: 3 });
    await servers[1]?.behave({});
    await waitFor(async () => {
      await callUnary(client);
      return stateOf(servers[1]?.address)?.breaker === 'closed';
    });
    expect(Object.keys(await shares(client, 6)).sort()).toEqual(['a', 'b', 'c']);
  });

  it('leaves the rotation when it is killed, and returns when it lives again', async () => {
    const { servers, weighted } = await cluster(1, 1);
    const client = await connected(clientOf(`wrr:///${weighted}`, fromFirst()), 2);
    await servers[0]?.kill();
    await waitFor(() => stateOf(servers[0]?.address)?.available === false);
    expect(await shares(client, 4)).toEqual({ b: 4 });
    await servers[0]?.restart();
    await waitFor(() => stateOf(servers[0]?.address)?.available === true);
    expect(Object.keys(await shares(client, 10)).sort()).toEqual(['a', 'b']);
  });

  it('fails all calls with a clear status when it was the last one', async () => {
    const { servers, weighted } = await cluster(1);
    const client = await connected(clientOf(`wrr:///${weighted}`, fromFirst()), 1);
    await servers[0]?.kill();
    const channel = client.getChannel();
    await waitFor(
      () => channel.getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE,
    );
    const error = await failure(callUnary(client));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain('no endpoint can be reached');
  });
});

function stateOf(key: string | undefined) {
  return getBalancers()
    .flatMap(({ endpoints }) => endpoints)
    .find((endpoint) => endpoint.key === key);
}
