import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Readable } from 'node:stream';
import { type Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { openAttemptLinks } from '@wrr/core';
import {
  channelOptions,
  type FailoverInterceptorOptions,
  type FailoverMessage,
  failoverInterceptor,
  register,
} from '@wrr/grpc-js';
import {
  type EchoReply,
  type EchoRequest,
  echoService,
  type GrpcBehaviour,
  type GrpcCluster,
  sleep,
  startGrpcCluster,
  startTcpProxy,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callUnary, clientOf, closing, connected, failure, status } from '../clients.ts';

register();

interface Ended {
  readonly code: number;
}

let all: GrpcCluster;
const events: FailoverMessage[] = [];
const listen = (message: unknown): unknown => events.push(message as FailoverMessage);

beforeAll(async () => {
  all = await startGrpcCluster([1, 1, 1]);
  subscribe('wrr:failover', listen);
});
afterAll(async () => {
  unsubscribe('wrr:failover', listen);
  await all.close();
});
beforeEach(async () => {
  await behave({}, {}, {});
  for (const server of all.servers) await server.resetCounters();
  events.length = 0;
});
afterEach(() => {
  expect(openAttemptLinks()).toBe(0);
});

/** Sets what servers a, b and c do. */
async function behave(...behaviours: readonly GrpcBehaviour[]): Promise<void> {
  for (const [index, behaviour] of behaviours.entries())
    await all.servers[index]?.behave(behaviour);
}

/** A client that begins with a, then b, then c, and has no breakers in the way. */
async function clientWith(failover: FailoverInterceptorOptions): Promise<Client> {
  const backoff = { initialMs: 1, maxMs: 1 };
  const options = channelOptions({
    policy: { startPhase: 'first', circuitBreaker: false },
    failover: { backoff, ...failover },
  });
  return connected(clientOf(`wrr:///${all.weighted}`, options), 3);
}

async function calls(): Promise<number[]> {
  return Promise.all(all.servers.map(async (server) => (await server.counters()).calls));
}

function telling(ms: string): GrpcBehaviour {
  return { ...broken, trailers: { 'grpc-retry-pushback-ms': ms } };
}

/** Reads an answer to its end. */
function read(
  client: Client,
  method: typeof echoService.serverStream,
  requests: readonly EchoRequest[],
): Promise<{ from: string[]; code: number }> {
  const { path, requestSerialize, responseDeserialize } = method;
  const [first = {}] = requests;
  const start = (): Readable & {
    on(event: 'status', heard: (status: Ended) => void): unknown;
  } => {
    if (!method.requestStream) {
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, first);
    }
    const both = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    for (const request of requests) both.write(request);
    both.end();
    return both;
  };
  const call = start();
  const from: string[] = [];
  return new Promise((done) => {
    call.on('data', (reply: EchoReply) => from.push(`${reply.server}${reply.index}`));
    call.on('error', () => {});
    call.on('status', ({ code }) => done({ from, code }));
  });
}

function collect(client: Client, payloads: readonly string[]): Promise<EchoReply | undefined> {
  const { path, requestSerialize, responseDeserialize } = echoService.clientStream;
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      (error: ServiceError | null, reply?: EchoReply) => {
        if (error === null) resolve(reply);
        else reject(error);
      },
    );
    for (const payload of payloads) call.write({ payload });
    call.end();
  });
}

const broken = { failWith: status.UNAVAILABLE };
const idempotent = true;

describe('an idempotent call', () => {
  it('goes to another endpoint each time, and its server sees how often it was sent', async () => {
    await behave(broken, broken, {});
    const reply = await callUnary(await clientWith({ idempotent }));
    expect(reply.server).toBe('c');
    expect(reply.metadata['grpc-previous-rpc-attempts']).toEqual(['2']);
    expect(await calls()).toEqual([1, 1, 1]);
  });

  it('leaves no trace of the link on the wire, nor in the caller’s metadata', async () => {
    const metadata = new Metadata();
    metadata.set('x-mine', 'yes');
    const reply = await callUnary(await clientWith({ idempotent }), {}, { metadata });
    expect(Object.keys(reply.metadata).filter((key) => key.startsWith('wrr'))).toEqual([]);
    expect(reply.metadata['x-mine']).toEqual(['yes']);
    expect(metadata.toJSON()).toEqual({ 'x-mine': ['yes'] });
  });

  it('makes at most maxAttempts, and reports the last status with its history', async () => {
    await behave(broken, { ...broken, details: 'b broke' }, broken);
    const error = await failure(callUnary(await clientWith({ idempotent, maxAttempts: 2 })));
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'b broke' });
    const [a, b] = all.servers;
    expect(error.metadata.get('wrr-attempts')).toEqual([
      `${a?.address} UNAVAILABLE`,
      `${b?.address} UNAVAILABLE`,
    ]);
    expect(await calls()).toEqual([1, 1, 0]);
    expect(events.map(({ action }) => action)).toEqual(['retry', 'attempts-used-up']);
  });

  it('is not sent again after a code that is not retryable', async () => {
    await behave({ failWith: status.NOT_FOUND }, {}, {});
    const error = await failure(callUnary(await clientWith({ idempotent })));
    expect(error.code).toBe(status.NOT_FOUND);
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('is sent again after a code that was named', async () => {
    await behave({ failWith: status.ABORTED }, {}, {});
    const client = await clientWith({ idempotent, retryableCodes: ['ABORTED'] });
    expect((await callUnary(client)).server).toBe('b');
  });

  it('fails over when headers came but no message (traps 1.4 and 4: either would end it)', async () => {
    await behave({ ...broken, headersFirst: true }, {}, {});
    expect((await callUnary(await clientWith({ idempotent }))).server).toBe('b');
  });

  it('fails over from an endpoint that hangs, also after its headers (trap 4.5)', async () => {
    await behave({ hang: true, headersFirst: true }, { hang: true }, {});
    const client = await clientWith({ idempotent, perAttemptTimeoutMs: 100 });
    const start = performance.now();
    expect((await callUnary(client)).server).toBe('c');
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
  });

  it('counts a timed-out attempt against its endpoint', async () => {
    await behave({ hang: true }, {}, {});
    const options = channelOptions({
      policy: { startPhase: 'first', circuitBreaker: { consecutiveFailures: 1, open: '60s' } },
      failover: { idempotent, perAttemptTimeoutMs: 50 },
    });
    const client = await connected(clientOf(`wrr:///${all.weighted}`, options), 3);
    for (let call = 0; call < 6; call++) await callUnary(client);
    expect((await calls())[0]).toBe(1);
  });

  it('does not blame an endpoint for the time that connecting takes', async () => {
    const proxy = closing(await startTcpProxy({ target: all.servers[0]?.address as string }));
    proxy.blackHole(); // the connection is accepted, and nothing comes of it
    const options = channelOptions({
      failover: { idempotent, perAttemptTimeoutMs: 500, maxAttempts: 1 },
    });
    const call = callUnary(clientOf(`wrr:///${proxy.endpoint}`, options));
    await sleep(1_200); // more than two attempts would take
    await proxy.heal();
    expect((await call).server).toBe('a');
  });

  it('obeys its deadline: no attempt starts after it, and the wait is cut short', async () => {
    await behave(broken, broken, broken);
    const client = await clientWith({
      idempotent,
      maxAttempts: 100,
      backoff: { initialMs: 150, maxMs: 150 },
    });
    // Not DEADLINE_EXCEEDED: the call has not waited for what could not come.
    const error = await failure(callUnary(client, {}, { deadline: Date.now() + 400 }));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(events.at(-1)?.action).toBe('no-time-left');
  });

  it('ends at its deadline when the last attempt hangs', async () => {
    await behave({ hang: true }, { hang: true }, { hang: true });
    const client = await clientWith({ idempotent });
    const error = await failure(callUnary(client, {}, { deadline: Date.now() + 200 }));
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('ends for good when its caller cancels, between attempts too (trap 4.8)', async () => {
    await behave(broken, broken, broken);
    const client = await clientWith({ idempotent, backoff: { initialMs: 10_000, maxMs: 10_000 } });
    const { path, requestSerialize, responseDeserialize } = echoService.unary;
    const error = await new Promise<ServiceError | null>((done) => {
      const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, done);
      void waitFor(() => events.length === 1).then(() => call.cancel());
    });
    expect(error).toMatchObject({ code: status.CANCELLED, details: 'Cancelled on client' });
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('stops when the budget is used up', async () => {
    await behave(broken, broken, broken);
    const client = await clientWith({ idempotent, budget: { ratio: 0, reservePerSecond: 0.1 } });
    await failure(callUnary(client));
    await failure(callUnary(client));
    expect((await calls()).reduce((sum, count) => sum + count)).toBe(3);
    expect(events.at(-1)?.action).toBe('budget-used-up');
  });
});

describe('pushback', () => {
  it('delays the next attempt by what the server says', async () => {
    await behave(telling('200'), {}, {});
    const start = performance.now();
    await callUnary(await clientWith({ idempotent }));
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
    expect(events[0]).toMatchObject({ action: 'retry', delayMs: 200 });
  });

  it.each(['-1', 'soon', '5000000000', ''])(
    'of "%s" means no further attempt (trap 4.3)',
    async (ms) => {
      await behave(telling(ms), {}, {});
      await failure(callUnary(await clientWith({ idempotent })));
      expect(await calls()).toEqual([1, 0, 0]);
      expect(events.map(({ action }) => action)).toEqual(['pushback']);
    },
  );
});

describe('a call that is not idempotent', () => {
  it('is not sent again once an endpoint had it', async () => {
    await behave(broken, {}, {});
    await failure(callUnary(await clientWith({ idempotent: ['/wrr.test.Echo/ServerStream'] })));
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('is not cut off by perAttemptTimeoutMs', async () => {
    await behave({ delayMs: 200 }, {}, {});
    const client = await clientWith({ perAttemptTimeoutMs: 50 });
    expect((await callUnary(client)).server).toBe('a');
  });

  it('is not sent again either when the channel’s policy does not say whether it was sent', async () => {
    for (const server of all.servers) await server.behave(broken);
    const backoff = { initialMs: 1, maxMs: 1 };
    const client = (methods: boolean): Client =>
      clientOf(`ipv4:${all.addresses}`, {
        'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
        interceptors: [failoverInterceptor({ idempotent: methods, backoff })],
      });
    await failure(callUnary(client(false)));
    expect(await all.total('calls')).toBe(1);
    await failure(callUnary(client(true)));
    expect(await all.total('calls')).toBe(1 + 3);
  });

  it('waits for an endpoint when it could not be sent at all', async () => {
    const [server] = all.servers;
    await server?.kill();
    const options = channelOptions({
      failover: { maxAttempts: 50, backoff: { initialMs: 100, maxMs: 100 } },
    });
    const client = clientOf(`wrr:///${server?.address}`, options);
    const call = callUnary(client);
    await waitFor(() => events.some(({ action }) => action === 'retry'));
    await server?.restart();
    expect((await call).server).toBe('a');
  });
});

describe('hedging', () => {
  it('answers with the first, on another endpoint, and counts nothing against the slow one', async () => {
    await behave({ delayMs: 2_000 }, {}, {});
    const client = await clientWith({ idempotent, hedgingDelayMs: 50 });
    const start = performance.now();
    expect((await callUnary(client)).server).toBe('b');
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await calls()).toEqual([1, 1, 0]);
    await waitFor(async () => (await all.servers[0]?.counters())?.cancelled === 1);
    expect(events.map(({ action }) => action)).toEqual(['hedge']);
  });

  it('runs at different endpoints, or not at all', async () => {
    await behave({ delayMs: 300 }, { delayMs: 300 }, { delayMs: 300 });
    const client = await clientWith({ idempotent, hedgingDelayMs: 20, maxAttempts: 5 });
    await callUnary(client);
    expect(await calls()).toEqual([1, 1, 1]);
  });

  it('stays within the budget (trap 4.2)', async () => {
    await behave({ delayMs: 150 }, { delayMs: 150 }, { delayMs: 150 });
    const budget = { ratio: 0, reservePerSecond: 0.1 };
    const client = await clientWith({ idempotent, hedgingDelayMs: 20, budget });
    await Promise.all([callUnary(client), callUnary(client), callUnary(client)]);
    expect((await calls()).reduce((sum, count) => sum + count)).toBe(4);
  });

  it('goes on with the others when one fails, and fails when all have', async () => {
    await behave({ ...broken, delayMs: 100 }, { delayMs: 200 }, broken);
    const client = await clientWith({ idempotent, hedgingDelayMs: 20 });
    expect((await callUnary(client)).server).toBe('b');
    await behave(broken, broken, broken);
    expect((await failure(callUnary(client))).code).toBe(status.UNAVAILABLE);
  });
});

describe('a stream', () => {
  it('of answers fails over before its first message', async () => {
    await behave(broken, {}, {});
    const client = await clientWith({ idempotent });
    expect(await read(client, echoService.serverStream, [{}])).toEqual({
      from: ['b0', 'b1', 'b2'],
      code: status.OK,
    });
  });

  it('of answers fails over from an endpoint that hangs, and is not cut off once it flows', async () => {
    await behave({ hang: true }, { messages: 3 }, {});
    const client = await clientWith({ idempotent, perAttemptTimeoutMs: 100 });
    expect((await read(client, echoService.serverStream, [{}])).from).toEqual(['b0', 'b1', 'b2']);
  });

  it('of answers does not fail over after its first message', async () => {
    await behave({ failAfter: 1, ...broken }, {}, {});
    const client = await clientWith({ idempotent });
    expect(await read(client, echoService.serverStream, [{}])).toEqual({
      from: ['a0'],
      code: status.UNAVAILABLE,
    });
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('of requests is sent again from its beginning', async () => {
    await behave(broken, {}, {});
    const client = await clientWith({ idempotent });
    expect(await collect(client, ['x', 'y', 'z'])).toMatchObject({ server: 'b', payload: 'xyz' });
  });

  it('of requests stays with its attempt once it has outgrown what is kept', async () => {
    await behave(broken, {}, {});
    const client = await clientWith({ idempotent, replayMessages: 2 });
    const error = await failure(collect(client, ['x', 'y', 'z']));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(await calls()).toEqual([1, 0, 0]);
  });

  it('both ways fails over before its first answer', async () => {
    await behave(broken, {}, {});
    const client = await clientWith({ idempotent });
    expect((await read(client, echoService.bidi, [{}, {}])).from).toEqual(['b0', 'b1', 'b2']);
  });
});

describe('two layers of retries', () => {
  it('do not multiply: what a retryPolicy below has tried counts', async () => {
    await behave(broken, broken, broken);
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: '0.001s',
      maxBackoff: '0.001s',
      backoffMultiplier: 1,
      retryableStatusCodes: ['UNAVAILABLE'],
    };
    const client = clientOf(`wrr:///${all.weighted}`, {
      ...channelOptions({ retryPolicy, policy: { circuitBreaker: false } }),
      interceptors: [failoverInterceptor({ idempotent, maxAttempts: 3 })],
    });
    await connected(client, 3);
    await failure(callUnary(client));
    expect((await calls()).reduce((sum, count) => sum + count)).toBe(3);
    expect(() => channelOptions({ retryPolicy, failover: {} })).toThrow('exclude each other');
  });
});

describe('failoverInterceptor', () => {
  it.each([
    [{ maxAttempts: 0 }, 'maxAttempts must be an integer >= 1'],
    [{ perAttemptTimeoutMs: -1 }, 'perAttemptTimeoutMs must be a number'],
    [{ retryableCodes: ['OOPS'] }, 'retryableCodes[0] must be the name of a status code'],
    [{ idempotent: ['Get'] }, 'idempotent must list paths such as "/pkg.Service/Method"'],
    [{ budget: { ratio: 11 } }, 'ratio must be'],
    [{ replayMessages: 1.5 }, 'replayMessages must be an integer >= 0, got 1.5'],
    [{ retries: 3 }, 'unknown option retries'],
  ])('refuses %j', (options, message) => {
    expect(() => failoverInterceptor(options as never)).toThrow(message);
  });
});
