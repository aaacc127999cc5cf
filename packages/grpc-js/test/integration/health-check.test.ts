import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connectivityState } from '@grpc/grpc-js';
import { getBalancers, type PolicyJson, register, registerEndpointSource } from '@wrr/grpc-js';
import { type GrpcCluster, waitFor } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import {
  callUnary,
  clientOf,
  cluster,
  connected,
  failure,
  fromFirst,
  pushedSource,
  shares,
  status,
} from '../clients.ts';

register();

function checked(
  { weighted }: Pick<GrpcCluster, 'weighted'>,
  healthCheck: PolicyJson['healthCheck'] = {},
) {
  return clientOf(`wrr:///${weighted}`, fromFirst({ policy: { healthCheck } }));
}

function serviceConfig(healthCheck: PolicyJson['healthCheck']) {
  return { loadBalancingConfig: [{ custom_weighted_round_robin: { healthCheck } }] };
}

function available(): number {
  return getBalancers()
    .flatMap(({ endpoints }) => endpoints)
    .filter((one) => one.available).length;
}

describe('with a health check', () => {
  it('an endpoint gets calls only while it is serving, and its connection stays', async () => {
    const all = await cluster({ health: 'SERVING' }, { health: 'SERVING' });
    const client = await connected(checked(all), 2);
    expect(await shares(client, 4)).toEqual({ a: 2, b: 2 });
    await all.servers[0]?.setHealth('NOT_SERVING');
    await waitFor(() => available() === 1);
    expect(await shares(client, 4)).toEqual({ b: 4 });
    await all.servers[0]?.setHealth('SERVING');
    await waitFor(() => available() === 2);
    expect(Object.keys(await shares(client, 4))).toHaveLength(2);
    expect(await all.total('connections')).toBe(2);
  });

  it('calls wait for the first word on health instead of failing', async () => {
    const all = await cluster({ health: 'SERVING' });
    await callUnary(checked(all));
  });

  it('a server without the service counts as serving', async () => {
    const client = await connected(checked(await cluster(1, 1)), 2);
    expect(await shares(client, 4)).toEqual({ a: 2, b: 2 });
  });

  it('all not serving: calls fail at once, and say why', async () => {
    const client = checked(await cluster({ health: 'NOT_SERVING' }, { health: 'NOT_SERVING' }));
    const channel = client.getChannel();
    await waitFor(() => channel.getConnectivityState(true) === connectivityState.TRANSIENT_FAILURE);
    const error = await failure(callUnary(client));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain('is unhealthy');
  });

  it('can be switched on and off live, without a new connection', async () => {
    const all = await cluster({ health: 'NOT_SERVING' });
    const endpoints = [{ key: all.addresses, weight: 1 }];
    const source = pushedSource({ endpoints, serviceConfig: serviceConfig(false) });
    registerEndpointSource('health', () => source);
    const client = await connected(clientOf('health:///x'), 1);
    await callUnary(client);
    source.push({ endpoints, serviceConfig: serviceConfig({}) });
    await waitFor(() => available() === 0);
    expect((await failure(callUnary(client))).details).toContain('is unhealthy');
    source.push({ endpoints, serviceConfig: serviceConfig(false) });
    await waitFor(() => available() === 1);
    await callUnary(client);
    expect(await all.total('connections')).toBe(1);
  });

  it('watches only while there are calls', async () => {
    const all = await cluster({ health: 'SERVING' });
    const client = await connected(checked(all, { idle: '0.1s' }), 1);
    await callUnary(client);
    await waitFor(async () => (await all.total('watches')) === 0);
    await callUnary(client);
    await waitFor(async () => (await all.total('watches')) === 1);
    await all.servers[0]?.setHealth('NOT_SERVING');
    await waitFor(() => available() === 0);
  });

  it('a process that is done does not wait for it', async () => {
    const all = await cluster({ health: 'SERVING' });
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', IDLE_PROGRAM, `wrr:///${all.weighted}`],
      { cwd: import.meta.dirname, stdio: 'inherit' },
    );
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});

/** Makes one call with health checks on, and neither closes its channel nor exits. */
const IDLE_PROGRAM = `
  import { Client, credentials } from '@grpc/grpc-js';
  import { callUnary } from '@wrr/test-support';
  import { channelOptions, register } from '@wrr/grpc-js';
  register();
  const options = channelOptions({ policy: { healthCheck: { idle: '0.5s' } } });
  const client = new Client(process.argv[1], credentials.createInsecure(), options);
  await callUnary(client);
`;
