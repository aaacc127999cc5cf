import { createMemoryRegistry, type EndpointSource } from '@wrr/core';
import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';
import { answeredBy, callUnary } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { clientOf, cluster, connected, failure, fromFirst, status } from '../clients.ts';

register();

function configured(policy: unknown): { 'grpc.service_config': string } {
  return {
    'grpc.service_config': JSON.stringify({
      loadBalancingConfig: [{ custom_weighted_round_robin: policy }],
    }),
  };
}

describe('a wrong policy config fails every call and says why, and never becomes pick_first (trap 1.1-j)', () => {
  it.each([
    [{ warmup: {} }, 'warmup is not an option; known here: circuitBreaker, warmUp,'],
    [{ weights: { 'a:1': 'heavy' } }, 'weight of weights["a:1"] must be an integer'],
    [
      { circuitBreaker: { window: 10 } },
      'circuitBreaker.window must be a duration in seconds such as "0.5s", got 10',
    ],
    [{ circuitBreaker: { windowMs: 10 } }, 'circuitBreaker.windowMs is not an option'],
    [{ circuitBreaker: { failureRate: 2 } }, 'failureRate'],
    [{ circuitBreaker: true }, 'circuitBreaker must be an object, got true'],
    [{ onAllOpen: 'pray' }, 'onAllOpen must be "panic" or "fail-fast", got "pray"'],
    [{ minAvailable: 1.5 }, 'minAvailable must be in [0, 1], got 1.5'],
    [{ warmUp: {} }, 'warmUp.window is missing'],
    [{ failureCodes: ['OOPS'] }, 'failureCodes[0] must be the name of a status code'],
    [[], 'the config must be an object, got []'],
  ])('%j', async (policy, message) => {
    const client = clientOf('wrr:///127.0.0.1:1=1,127.0.0.1:2=1', configured(policy));
    const error = await failure(callUnary(client));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain(`custom_weighted_round_robin: ${message}`);
    expect(() => channelOptions({ policy: policy as never })).toThrow(message);
  });
});

describe('a wrong target', () => {
  it.each([
    ['wrr:///h:1=heavy', 'weight of h:1 must be an integer from 0 to 1000000, got "heavy"'],
    ['wrr:///h:1=1000001', 'weight of h:1 must be an integer from 0 to 1000000, got 1000001'],
    ['wrr:///h=5', 'endpoint must be "host:port", got "h"'],
    ['wrr:///h:1=5,h:1=6', 'endpoint h:1 appears twice'],
    ['wrr:///h:99999', 'endpoint must be "host:port", got "h:99999"'],
  ])('%s makes the channel’s constructor throw', (target, message) => {
    expect(() => clientOf(target)).toThrow(message);
  });

  it('of a scheme that nobody registered fails calls and names the target (trap 1.2)', async () => {
    const error = await failure(callUnary(clientOf('nobody:///service/user', channelOptions())));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain('nobody:///service/user');
  });

  it('scheme is refused by registerEndpointSource', () => {
    const registry = createMemoryRegistry();
    const create = (): EndpointSource => registry.source('x');
    expect(() => registerEndpointSource('not a scheme', create)).toThrow(TypeError);
  });
});

describe('a source', () => {
  it('without endpoints fails calls at once', async () => {
    registerEndpointSource('empty', () => ({
      subscribe(listener) {
        listener({ endpoints: [] });
        return () => {};
      },
    }));
    const error = await failure(callUnary(clientOf('empty:///x')));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain('there are no endpoints');
  });

  it('that cannot reach its registry fails calls with the reason, and recovers by itself (trap 1.2: grpc-js never asks again)', async () => {
    const { servers } = await cluster(1);
    const listeners: Parameters<EndpointSource['subscribe']>[0][] = [];
    registerEndpointSource('broken', () => ({
      subscribe(listener) {
        listeners.push(listener);
        listener({ endpoints: [], error: new Error('no etcd at 127.0.0.1:1') });
        return () => {};
      },
    }));
    const client = clientOf('broken:///x');
    const error = await failure(callUnary(client));
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    expect(error.details).toContain('broken:///x: no etcd at 127.0.0.1:1');
    listeners[0]?.({ endpoints: [{ key: servers[0]?.address as string, weight: 1 }] });
    await connected(client, 1);
    await callUnary(client);
  });

  it('with bad entries loses only those', async () => {
    const { servers } = await cluster(1);
    const warnings: string[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning.message);
    process.on('warning', listen);
    registerEndpointSource('dirty', () => ({
      subscribe(listener) {
        listener({
          endpoints: [
            { key: 'nonsense', weight: 1 },
            { key: '10.0.0.1:1', weight: Number.NaN },
            { key: servers[0]?.address as string, weight: 1 },
          ],
        });
        return () => {};
      },
    }));
    const client = clientOf('dirty:///x', fromFirst());
    expect(await answeredBy(client, 3)).toEqual(['a', 'a', 'a']);
    await new Promise(setImmediate);
    process.off('warning', listen);
    expect(warnings.filter((text) => text.includes('dirty:///x: endpoint skipped'))).toHaveLength(
      2,
    );
  });
});

describe('channelOptions', () => {
  it.each([
    [{ maxAttempts: 1 }, 'maxAttempts must be an integer at least 2'],
    [{ initialBackoff: '10ms' }, 'initialBackoff must be a string'],
    [{ retryableStatusCodes: ['NOPE'] }, 'not a status code name'],
  ])('refuses a wrong retry policy %j', (wrong, message) => {
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: '0.1s',
      maxBackoff: '1s',
      backoffMultiplier: 2,
      retryableStatusCodes: ['UNAVAILABLE'],
      ...wrong,
    };
    expect(() => channelOptions({ retryPolicy })).toThrow(message);
  });
});
