import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { getChannelzHandlers } from '@grpc/grpc-js';
import { openAttemptLinks } from '@wrr/core';
import {
  type BalancerMessage,
  channelOptions,
  getBalancers,
  register,
  registerEndpointSource,
} from '@wrr/grpc-js';
import { answeredBy, type GrpcCluster, startGrpcCluster, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callUnary, clientOf, connected, pushedSource, status } from '../clients.ts';

register();

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([5, 3, 1]);
});
afterAll(() => all.close());

it('two channels with random phases do not start in step', async () => {
  const starts = new Set<string>();
  for (let channel = 0; channel < 12; channel++) {
    const client = await connected(clientOf(`wrr:///${all.weighted}`, channelOptions()), 3);
    starts.add((await answeredBy(client, 3)).join(''));
    client.close();
  }
  // 9 phases: that 12 channels all draw the same one happens once in 3 · 10^10 runs.
  expect(starts.size).toBeGreaterThan(1);
});

it('getBalancers and diagnostics_channel show what a person wants to know', async () => {
  const events: BalancerMessage[] = [];
  const listen = (message: unknown): unknown => events.push(message as BalancerMessage);
  for (const name of ['wrr:endpoint', 'wrr:breaker']) subscribe(name, listen);
  const [a, b] = all.servers.map(({ address }) => ({ key: address, weight: 1 }));
  if (a === undefined || b === undefined) throw new Error('no servers');
  const policy = { circuitBreaker: { consecutiveFailures: 1, open: '60s' } };
  const source = pushedSource({ endpoints: [a, b] });
  registerEndpointSource('seen', () => source);
  const client = await connected(clientOf('seen:///orders', channelOptions({ policy })), 2);
  source.push({ endpoints: [{ ...a, weight: 2 }, b] });
  await callUnary(client);
  await callUnary(client, { behaviour: { failWith: status.UNAVAILABLE } }).catch(() => {});
  const [report] = getBalancers();
  expect(report).toMatchObject({ target: 'seen:///orders', panic: false });
  expect(report?.endpoints.map(({ key, weight }) => [key, weight])).toEqual([
    [a.key, 2],
    [b.key, 1],
  ]);
  expect(report?.endpoints.reduce((sum, { picks }) => sum + picks, 0)).toBe(2);
  expect(report?.endpoints.filter(({ breaker }) => breaker === 'open')).toHaveLength(1);
  expect(events.map(({ type }) => type)).toEqual([
    'endpoint-added',
    'endpoint-added',
    'endpoint-weight',
    'breaker',
  ]);
  expect(events.every(({ target }) => target === 'seen:///orders')).toBe(true);
  for (const name of ['wrr:endpoint', 'wrr:breaker']) unsubscribe(name, listen);
});

it('channelz still tells of channels and their connections', async () => {
  const client = await connected(clientOf(`wrr:///${all.weighted}`, channelOptions()), 3);
  const { GetTopChannels } = getChannelzHandlers();
  const answer = await new Promise<{ channel: readonly ChannelzChannel[] }>((resolve) => {
    const call = { request: { start_channel_id: '0', max_results: '0' } };
    GetTopChannels?.(call as never, (_: unknown, reply: unknown) => resolve(reply as never));
  });
  const target = client.getChannel().getTarget();
  const ours = answer.channel.filter(({ data }) => data.target === target);
  expect(ours.at(-1)?.subchannel_ref).toHaveLength(3);
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

interface ChannelzChannel {
  readonly data: { readonly target: string };
  readonly subchannel_ref: readonly unknown[];
}

it('1,000 channels opened and closed leave nothing behind', { timeout: 180_000 }, async () => {
  const options = channelOptions({
    policy: { healthCheck: {}, reportedWeights: {}, warmUp: { window: '10s' } },
    failover: { idempotent: true, perAttemptTimeoutMs: 10_000 },
    circuitBreaker: {},
  });
  const source = pushedSource({
    endpoints: all.servers.map(({ address }) => ({ key: address, weight: 1 })),
  });
  registerEndpointSource('leaks', () => source);
  // All share their connections, as channels to one target do.
  const cycle = async (count: number): Promise<void> => {
    for (let channel = 0; channel < count; channel++) {
      const client = clientOf('leaks:///x', { ...options, 'grpc.use_local_subchannel_pool': 0 });
      await callUnary(client);
      client.close();
    }
  };
  await cycle(20);
  const before = timers();
  await cycle(980);
  expect(source.subscribers).toBe(0);
  expect(getBalancers()).toEqual([]);
  expect(openAttemptLinks()).toBe(0);
  expect(timers()).toBeLessThanOrEqual(before + 5);
  await waitFor(async () => (await all.total('active')) === 0);
  expect(await all.total('watches')).toBe(0);
});

it.each([
  ['closes its channel', 'client.close();'],
  ['leaves it open and idle', ''],
])('a process that %s exits by itself', async (_, last) => {
  const program = `
    import { Client, credentials } from '@grpc/grpc-js';
    import { callUnary } from '@wrr/test-support';
    import { channelOptions, register } from '@wrr/grpc-js';
    register();
    const options = channelOptions({ failover: { idempotent: true }, circuitBreaker: {} });
    const client = new Client(process.argv[1], credentials.createInsecure(), options);
    await callUnary(client);
    ${last}
  `;
  const args = ['--input-type=module', '--eval', program, `wrr:///${all.weighted}`];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
