import { isCircuitOpenError, openAttemptLinks } from '@wrr/core';
import { circuitBreakerMiddleware, deadlineMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { createChannel } from '@wrr/nice-grpc/channel';
import { waitFor } from '@wrr/test-support';
import { ClientError, createClientFactory, Metadata, Status } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { all, clientOf, closing, endpoints, kinds, requests, threeServers } from '../clients.ts';

const [a, b, c] = await threeServers();

/** Everything, in the order that the guide recommends. */
function everything() {
  return createClientFactory()
    .use(failoverMiddleware({ idempotent: () => true, backoff: { initialMs: 1 } }))
    .use(circuitBreakerMiddleware());
}

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

describe.each(kindNames)('%s calls', (kind) => {
  const call = kinds[kind];

  it('are spread exactly by weight', async () => {
    const client = await clientOf([a, b, c], { factory: everything(), weights: [5, 1, 1] });
    let order = '';
    for (let index = 0; index < 21; index++) order += (await call(client))[0]?.server;
    expect(order).toBe('aabacaa'.repeat(3));
  });

  it('go to another endpoint on every attempt', async () => {
    const client = await clientOf([a, b, c], { factory: everything() });
    for (const server of [a, b]) await server.behave({ failWith: Status.UNAVAILABLE });
    for (let index = 0; index < 6; index++) {
      const replies = await call(client);
      expect(replies.map(({ server }) => server)).toEqual(replies.map(() => 'c'));
    }
    expect(openAttemptLinks()).toBe(0);
  });

  it('tell the server of time and attempts, and nothing else of ours', async () => {
    const client = await clientOf([a, b], { factory: everything() });
    await a.behave({ failWith: Status.UNAVAILABLE });
    const [reply] = await call(client, { deadline: 5_000 });
    expect(reply?.metadata['grpc-previous-rpc-attempts']).toEqual(['1']);
    expect(Object.keys(reply?.metadata ?? {}).filter((key) => key.startsWith('wrr'))).toEqual([]);
  });

  it.each([
    ['failover', everything()],
    ['the deadline middleware', createClientFactory().use(deadlineMiddleware)],
  ])(
    'that run out of time under %s: the server stops, the endpoint is to blame',
    async (_, factory) => {
      const policy = {
        circuitBreaker: { consecutiveFailures: 3 },
        onAllOpen: 'fail-fast',
      } as const;
      const client = await clientOf([a], { factory, policy });
      await a.behave({ hang: true });
      for (let index = 0; index < 3; index++) {
        const error = await call(client, { deadline: 50 }).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(ClientError);
        expect(error).toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      }
      await waitFor(async () => (await a.counters()).cancelled === 3);
      await waitFor(() => endpoints()[0]?.breaker === 'open');
      await expect(call(client)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    },
  );

  it('that the caller aborts say nothing about the endpoint', async () => {
    const policy = { circuitBreaker: { consecutiveFailures: 1 } };
    const client = await clientOf([a], { factory: everything(), policy });
    await a.behave({ hang: true });
    const controller = new AbortController();
    const result = call(client, { signal: controller.signal, deadline: 60_000 });
    await waitFor(async () => (await a.counters()).active === 1);
    controller.abort();
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
    await waitFor(() => endpoints()[0]?.inFlight === 0);
    expect(endpoints()[0]).toMatchObject({ breaker: 'closed', failures: 0 });
  });

  it('hear the header and the trailer of the attempt that counts', async () => {
    await a.behave({ failWith: Status.UNAVAILABLE, trailers: { from: 'a' } });
    await b.behave({ trailers: { from: 'b' } });
    const client = await clientOf([a, b], { factory: everything() });
    const heard: string[] = [];
    await call(client, {
      onHeader: () => heard.push('header'),
      onTrailer: (trailer: Metadata) => heard.push(`trailer from ${trailer.get('from')}`),
    });
    expect(heard).toEqual(['header', 'trailer from b']);
  });
});

describe('after its header', () => {
  const headerFirst = { failWith: Status.UNAVAILABLE, headersFirst: true, trailers: { from: 'a' } };

  it('a failed call with a single response is made again', async () => {
    await a.behave(headerFirst);
    const client = await clientOf([a, b], { factory: everything() });
    expect((await client.unary({})).server).toBe('b');
    expect((await client.clientStream(requests(2))).server).toBe('b');
  });

  it('a failed stream of responses is made again, as long as no message came', async () => {
    await a.behave(headerFirst);
    const client = await clientOf([a, b], { factory: everything() });
    expect((await all(client.serverStream({})))[0]?.server).toBe('b');
  });

  it('a stream that fails after its first message is not made again', async () => {
    await a.behave({ ...headerFirst, failAfter: 1 });
    const client = await clientOf([a], { factory: everything() });
    const stream = client.serverStream({})[Symbol.asyncIterator]();
    expect((await stream.next()).value).toMatchObject({ server: 'a', index: 0 });
    await expect(stream.next()).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect((await a.counters()).calls).toBe(1);
  });

  it('a conversation is not made again: the caller may have acted on it', async () => {
    await a.behave({ ...headerFirst, delayMs: 50 });
    const client = await clientOf([a, b], { factory: everything() });
    const heard: string[] = [];
    const call = all(
      client.bidi(requests(1), {
        onHeader: () => heard.push('header'),
        onTrailer: (trailer) => heard.push(`trailer from ${trailer.get('from')}`),
      }),
    );
    await expect(call).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(heard).toEqual(['header', 'trailer from a']);
  });
});

it('a server that wants no retries gets none, and one that names a wait is waited for', async () => {
  const client = await clientOf([a, b], { factory: everything() });
  for (let index = 0; index < 4; index++) await client.unary({});
  const pushing = (said: string) => ({
    failWith: Status.UNAVAILABLE,
    trailers: { 'grpc-retry-pushback-ms': said },
  });
  await a.behave(pushing('-1'));
  await b.behave(pushing('-1'));
  await a.resetCounters();
  await b.resetCounters();
  await expect(client.unary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  expect((await a.counters()).calls + (await b.counters()).calls).toBe(1);
  await a.behave(pushing('300'));
  await b.behave({});
  for (const _ of [1, 2]) {
    const start = performance.now();
    const { metadata } = await client.unary({});
    const waited = metadata['grpc-previous-rpc-attempts'] !== undefined;
    if (waited) expect(performance.now() - start).toBeGreaterThan(290);
  }
});

it('a server that knows the deadline ends the call by itself', async () => {
  await a.behave({ hang: true });
  const client = await clientOf([a]); // no middleware: nobody cancels this call at the client
  const metadata = Metadata({ 'grpc-timeout': '50m' });
  const call = client.unary({}, { metadata });
  await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
});

it('the circuit breaker opens for a method that fails everywhere, and sends nothing then', async () => {
  const circuitBreaker = { consecutiveFailures: 3, openMs: 60_000 };
  const factory = createClientFactory().use(circuitBreakerMiddleware({ circuitBreaker }));
  const client = await clientOf([a, b], { factory });
  for (const server of [a, b]) await server.behave({ failWith: Status.INTERNAL });
  for (let index = 0; index < 3; index++) {
    await expect(client.unary({})).rejects.toMatchObject({ code: Status.INTERNAL });
  }
  const error = await client.unary({}).catch((caught: unknown) => caught);
  expect(isCircuitOpenError(error)).toBe(true);
  expect(error).toMatchObject({ code: Status.UNAVAILABLE, reason: 'open' });
  expect((await a.counters()).calls + (await b.counters()).calls).toBe(3);
  await expect(all(client.serverStream({}))).rejects.toMatchObject({ code: Status.INTERNAL });
});

it('createChannel uses the policy with its defaults unless told otherwise', async () => {
  const channel = closing(createChannel(`wrr:///${a.address}=2,${b.address}=1`));
  channel.getConnectivityState(true);
  await waitFor(() => endpoints().filter(({ available }) => available).length === 2);
  expect(endpoints().map(({ weight }) => weight)).toEqual([2, 1]);
});
