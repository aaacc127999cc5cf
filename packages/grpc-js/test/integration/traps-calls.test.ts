// Traps of grpc-js's retries and pick results: what happens to a policy that falls into one stands
// behind the dash.
import { Metadata } from '@grpc/grpc-js';
import { getBalancers, register } from '@wrr/grpc-js';
import { type GrpcCluster, startGrpcCluster, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callUnary, clientOf, connected, failure, fromFirst, status } from '../clients.ts';

register();

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([1, 1, 1]);
});
afterAll(() => all.close());
beforeEach(async () => {
  for (const server of all.servers) {
    await server.behave({});
    await server.resetCounters();
  }
});

const broken = { failWith: status.UNAVAILABLE };
const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '0.01s',
  maxBackoff: '0.01s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['UNAVAILABLE'],
};

describe('trap', () => {
  it('1.5: forceShutdown ends calls with CANCELLED — would say nothing about the endpoint', async () => {
    const one = await startGrpcCluster([1, 1]);
    const client = await connected(clientOf(`wrr:///${one.weighted}`, fromFirst()), 2);
    const call = failure(callUnary(client, { behaviour: { hang: true } }));
    await waitFor(async () => (await one.total('active')) === 1);
    await one.servers[0]?.shutdown({ force: true });
    expect(await call).toMatchObject({ code: status.CANCELLED, details: 'Call cancelled' });
    expect(getBalancers()[0]?.endpoints[0]).toMatchObject({ failures: 1, ignored: 0 });
    client.close();
    await one.close();
  });

  it('1.5: a caller that cancels — would count against the endpoint', async () => {
    const client = await connected(clientOf(`wrr:///${all.weighted}`, fromFirst()), 3);
    const deadline = Date.now() + 50;
    await failure(callUnary(client, { behaviour: { hang: true } }, { deadline }));
    expect(getBalancers()[0]?.endpoints[0]).toMatchObject({ failures: 1 }); // its deadline does
    await failure(callUnary(client, { behaviour: { failWith: status.INVALID_ARGUMENT } }));
    expect(getBalancers()[0]?.endpoints[1]).toMatchObject({ failures: 0, successes: 1 });
  });

  it('2: hedging with grpc-js’s own policy — would hit one endpoint twice', async () => {
    for (const server of all.servers) await server.behave({ delayMs: 200 });
    const hedgingPolicy = { maxAttempts: 3, hedgingDelay: '0.01s' };
    const methodConfig = [{ name: [{}], hedgingPolicy }];
    const client = await connected(
      clientOf(`wrr:///${all.weighted}`, fromFirst({ methodConfig })),
      3,
    );
    await callUnary(client);
    const calls = await Promise.all(
      all.servers.map(async (server) => (await server.counters()).calls),
    );
    expect(calls).toEqual([1, 1, 1]);
    const counted = getBalancers()[0]?.endpoints ?? [];
    await waitFor(() => getBalancers()[0]?.endpoints.every(({ inFlight }) => inFlight === 0));
    expect(counted.reduce((sum, { failures }) => sum + failures, 0)).toBe(0);
  });

  it.each([
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'h2c'],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'close'],
    ['http2-settings', 'x'],
  ])('4.1: metadata %s — would open 900 connections a second, for ever', async (key, value) => {
    const client = await connected(
      clientOf(`wrr:///${all.weighted}`, fromFirst({ retryPolicy })),
      3,
    );
    const others = Array.from({ length: 3 }, () =>
      callUnary(client, { behaviour: { delayMs: 100 } }),
    );
    const metadata = new Metadata();
    metadata.set(key, value);
    const error = await failure(callUnary(client, {}, { metadata }));
    expect(error.code).toBe(status.INTERNAL);
    expect(error.details).toContain(`metadata ${key} is not allowed in HTTP/2`);
    await Promise.all(others);
    expect(await all.total('connections')).toBe(3);
  });

  it.each(['host', 'date', 'content-length', 'from', 'range'])(
    '4.1: metadata %s twice — the same',
    async (key) => {
      const client = await connected(clientOf(`wrr:///${all.weighted}`, fromFirst()), 3);
      const metadata = new Metadata();
      metadata.add(key, '1');
      metadata.add(key, '2');
      const error = await failure(callUnary(client, {}, { metadata }));
      expect(error.details).toContain(`metadata ${key} must not have more than one value`);
      expect(await all.total('connections')).toBe(3);
    },
  );

  it('4.4: throttling tokens are shared by all channels to a target — one’s failures would stop all', async () => {
    for (const server of all.servers) await server.behave(broken);
    const budget = { ratio: 0, reservePerSecond: 0.1 }; // one retry in 10 s
    const failover = { idempotent: true, budget, backoff: { initialMs: 1, maxMs: 1 } };
    const policy = { circuitBreaker: false } as const;
    const target = `wrr:///${all.weighted}`;
    const clients = [1, 2].map(() => clientOf(target, fromFirst({ policy, failover })));
    for (const client of clients) await connected(client, 3);
    for (const client of clients) await failure(callUnary(client));
    // One retry for each.
    expect(await all.total('calls')).toBe(4);
  });

  it('4.6: a server that shuts down by force — its CANCELLED would not be retried', async () => {
    const two = await startGrpcCluster([{ behaviour: { hang: true } }, 1]);
    const failover = { idempotent: true };
    const client = await connected(clientOf(`wrr:///${two.weighted}`, fromFirst({ failover })), 2);
    const call = callUnary(client);
    await waitFor(async () => (await two.servers[0]?.counters())?.active === 1);
    await two.servers[0]?.shutdown({ force: true });
    expect((await call).server).toBe('b');
    client.close();
    await two.close();
  });

  it('4.7: all breakers open — would use up attempts, backoff and throttling tokens', async () => {
    for (const server of all.servers) await server.behave(broken);
    const policy = {
      onAllOpen: 'fail-fast',
      circuitBreaker: { consecutiveFailures: 1, open: '60s' },
    } as const;
    const slow = { ...retryPolicy, initialBackoff: '10s', maxBackoff: '10s' };
    const client = await connected(
      clientOf(`wrr:///${all.weighted}`, fromFirst({ policy, retryPolicy: slow })),
      3,
    );
    for (let call = 0; call < 3; call++)
      await failure(callUnary(client, {}, { deadline: Date.now() + 200 }));
    const error = await failure(callUnary(client));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(/all circuit breakers are open; retry in \d+ ms/);
    expect(error.metadata.get('wrr-refused')).toEqual(['all-open']);
    expect(await all.total('calls')).toBe(3);
  });
});
