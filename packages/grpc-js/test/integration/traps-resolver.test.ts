// Traps of grpc-js's resolver API: what happens to a resolver that falls into one stands behind the
// dash.
import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';
import { type GrpcCluster, startGrpcCluster } from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { callUnary, clientOf, connected, fromFirst, pushedSource, shares } from '../clients.ts';

register();

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([1, 1]);
});
afterAll(() => all.close());
afterEach(() => vi.unstubAllEnvs());

const endpoints = (weights = [1, 1]) =>
  all.servers.map(({ address }, index) => ({ key: address, weight: weights[index] ?? 1 }));

describe('trap', () => {
  it('1.2: a source that pushes at once — the channel must not be called from within', async () => {
    registerEndpointSource('eager', () => pushedSource({ endpoints: endpoints() }));
    await callUnary(clientOf('eager:///x'));
  });

  it.each([
    'orders.1',
    'svc:prod',
    'svc name',
    'a/b/c',
    '{svc}',
    'svc#1',
    'dienst-für-alle',
    '...',
    'orders.v1',
    'service/user',
  ])(
    '1.2, authority: a target path %j — would never connect, or reset every stream',
    async (path) => {
      registerEndpointSource('any', () => pushedSource({ endpoints: endpoints() }));
      await callUnary(clientOf(`any:///${path}`));
    },
  );

  it('1.2, proxy: http_proxy in the environment — would take our targets', async () => {
    for (const name of ['grpc_proxy', 'https_proxy', 'http_proxy']) {
      vi.stubEnv(name, 'http://127.0.0.1:9');
    }
    await callUnary(clientOf(`wrr:///${all.weighted}`, channelOptions()));
  });

  it('1.2: a source without service config keeps the channel’s', async () => {
    registerEndpointSource('plain', () => pushedSource({ endpoints: endpoints([3, 1]) }));
    const client = await connected(clientOf('plain:///x', fromFirst()), 2);
    expect(await shares(client, 8)).toEqual({ a: 6, b: 2 });
  });

  it('1.2: a service config without a policy — would become pick_first', async () => {
    const serviceConfig = { methodConfig: [{ name: [{}], timeout: '5s' }] };
    const source = pushedSource({ endpoints: endpoints(), serviceConfig });
    registerEndpointSource('methods', () => source);
    const client = await connected(clientOf('methods:///x'), 2);
    expect(await shares(client, 4)).toEqual({ a: 2, b: 2 });
  });

  it('1.2: a bad service config — would lose the list that came with it', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning.message);
    process.on('warning', listen);
    const source = pushedSource({ endpoints: endpoints([1, 0]) });
    registerEndpointSource('bad', () => source);
    const client = await connected(clientOf('bad:///x'), 2);
    source.push({ endpoints: endpoints([0, 1]), serviceConfig: { loadBalancingConfig: 'x' } });
    expect(await shares(client, 4)).toEqual({ b: 4 });
    source.push({
      endpoints: endpoints([1, 0]),
      serviceConfig: { loadBalancingConfig: [{ custom_weighted_round_robin: { nope: 1 } }] },
    });
    expect(await shares(client, 4)).toEqual({ a: 4 });
    await vi.waitFor(() => expect(warnings).toHaveLength(2));
    process.off('warning', listen);
    expect(warnings[0]).toContain('service config rejected, the last good one stays');
    expect(warnings[1]).toContain('nope is not an option');
    expect(warnings[1]).toContain('the last good config stays in force');
  });

  it('1.2, dns: a service config in a TXT record — would switch the policy off', () => {
    expect(channelOptions()['grpc.service_config_disable_resolution']).toBe(1);
  });

  it('1.3: a timeout of "0.5s" — would be 5 nanoseconds', async () => {
    const methodConfig = [{ name: [{}], timeout: '1.5s' }];
    const client = clientOf(`wrr:///${all.weighted}`, channelOptions({ methodConfig }));
    await callUnary(client, { behaviour: { delayMs: 1_100 } });
    const serviceConfig = { methodConfig: [{ name: [{}], timeout: '0.5s' }] };
    const source = pushedSource({ endpoints: endpoints(), serviceConfig });
    registerEndpointSource('half', () => source);
    await callUnary(clientOf('half:///x'));
  });
});
