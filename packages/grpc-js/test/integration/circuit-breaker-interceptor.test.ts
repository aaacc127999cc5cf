import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type CircuitBreakerInterceptorOptions,
  channelOptions,
  circuitBreakerInterceptor,
  type MethodBreakerMessage,
  register,
} from '@wrr/grpc-js';
import { echoService, type GrpcCluster, startGrpcCluster } from '@wrr/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callUnary, clientOf, connected, failure, status } from '../clients.ts';

register();

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([1, 1]);
});
afterAll(() => all.close());
beforeEach(async () => {
  for (const server of all.servers) await server.behave({});
  for (const server of all.servers) await server.resetCounters();
});

function clientWith(circuitBreaker: CircuitBreakerInterceptorOptions, failover?: object) {
  const policy = { circuitBreaker: false } as const;
  const options = channelOptions({ policy, circuitBreaker, ...(failover && { failover }) });
  return connected(clientOf(`wrr:///${all.weighted}`, options), 2);
}

async function broken(...names: string[]): Promise<void> {
  for (const server of all.servers) {
    if (names.includes(server.name)) await server.behave({ failWith: status.UNAVAILABLE });
  }
}

describe('with a breaker of three states', () => {
  const circuitBreaker = { consecutiveFailures: 3, openMs: 200, jitter: 0, probes: 1 };

  it('rejects at once and says so, sends nothing, and closes after a probe', async () => {
    const events: MethodBreakerMessage[] = [];
    const listen = (event: unknown): unknown => events.push(event as MethodBreakerMessage);
    subscribe('wrr:breaker', listen);
    const client = await clientWith({ circuitBreaker });
    await broken('a', 'b');
    for (let call = 0; call < 3; call++) await failure(callUnary(client));
    const error = await failure(callUnary(client));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(
      /^circuit of \/wrr\.test\.Echo\/Unary is open: not sent, retry in \d+ ms$/,
    );
    expect(error.metadata.get('wrr-refused')).toEqual(['circuit-open']);
    expect(await all.total('calls')).toBe(3);
    for (const server of all.servers) await server.behave({});
    await expect
      .poll(() =>
        callUnary(client).then(
          () => 'ok',
          () => 'rejected',
        ),
      )
      .toBe('ok');
    unsubscribe('wrr:breaker', listen);
    expect(events.map(({ path, to }) => `${path} ${to}`)).toEqual([
      '/wrr.test.Echo/Unary open',
      '/wrr.test.Echo/Unary half-open',
      '/wrr.test.Echo/Unary closed',
    ]);
  });

  it('guards each method for itself', async () => {
    const client = await clientWith({ circuitBreaker });
    await broken('a', 'b');
    for (let call = 0; call < 4; call++) await failure(callUnary(client));
    const { path, requestSerialize, responseDeserialize } = echoService.serverStream;
    await new Promise<void>((done) => {
      client
        .makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
          behaviour: { messages: 1 },
        })
        .on('data', () => {})
        .on('end', done);
    });
  });

  it('ignores what the caller cancelled and what is no failure', async () => {
    const client = await clientWith({ circuitBreaker });
    for (const server of all.servers) await server.behave({ failWith: status.NOT_FOUND });
    for (let call = 0; call < 5; call++) {
      expect((await failure(callUnary(client))).code).toBe(status.NOT_FOUND);
    }
    for (const server of all.servers) await server.behave({ hang: true });
    const { path, requestSerialize, responseDeserialize } = echoService.unary;
    for (let call = 0; call < 5; call++) {
      await new Promise<unknown>((done) => {
        const cancelled = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          {},
          done,
        );
        setImmediate(() => cancelled.cancel());
      });
    }
    for (const server of all.servers) await server.behave({});
    await callUnary(client);
  });

  it('stands outside failover: one dead endpoint of two is no reason to reject', async () => {
    const client = await clientWith({ circuitBreaker }, { idempotent: true });
    await broken('a');
    for (let call = 0; call < 20; call++) await callUnary(client);
  });
});

describe('with the throttle', () => {
  it('has aegis’s numbers by default: nothing is rejected below 100 calls in 3 s', async () => {
    const client = await clientWith({ random: () => 0 });
    await broken('a', 'b');
    for (let call = 0; call < 99; call++) {
      expect((await failure(callUnary(client))).details).toBe('told to fail');
    }
    await failure(callUnary(client));
    const error = await failure(callUnary(client));
    expect(error.details).toBe('circuit of /wrr.test.Echo/Unary is throttled: not sent');
    expect(await all.total('calls')).toBe(100);
  });

  it('takes other numbers', async () => {
    const client = await clientWith({ throttle: { minRequests: 5 }, random: () => 0 });
    await broken('a', 'b');
    for (let call = 0; call < 10; call++) await failure(callUnary(client));
    // One is let through each second (forcePassMs), the sixth and later are rejected.
    expect(await all.total('calls')).toBeLessThanOrEqual(6);
  });
});

describe('circuitBreakerInterceptor', () => {
  it.each([
    [{ throttle: {}, circuitBreaker: {} }, 'exclude each other'],
    [{ circuitBreaker: { openMs: -1 } }, 'openMs'],
    [{ throttle: { k: 0.5 } }, 'k must be'],
    [{ failureCodes: ['NOPE'] }, 'failureCodes[0]'],
    [{ treshold: 1 }, 'treshold'],
  ])('refuses %j', (options, message) => {
    expect(() => circuitBreakerInterceptor(options as never)).toThrow(message);
  });
});
