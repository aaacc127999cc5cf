import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { type ConfigEvent, liveServiceConfig, watchConfig } from '@wrr/config';
import { withServiceConfig } from '@wrr/core';
import { createEtcdClient, createEtcdEndpointSource, registerEndpoint, watchKey } from '@wrr/etcd';
import { channelOptions, getBalancers, register, registerEndpointSource } from '@wrr/grpc-js';
import {
  callUnary,
  etcdForTests,
  type GrpcServerProcess,
  startEtcd,
  startGrpcCluster,
  startLoad,
  waitFor,
} from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const KEY = 'settings/client';

describe.skipIf(!(await etcdForTests()))('the settings of a running client', () => {
  const closers: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closers.toReversed()) await close();
  });
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUp(closers);
  }, 60_000);

  it('change by an edit of the file, in force from the next pick', async () => {
    await stage.edit({ weights: [5, 1] });
    await stage.expectShares(50, 10);
    await stage.edit({ weights: [1, 5] });
    await stage.expectShares(10, 50);
  });

  it('change by an etcd put, and go back to the file’s when the key is deleted', async () => {
    await stage.edit({ weights: [2, 10] });
    await stage.put({ weights: [1, 1] });
    await stage.expectShares(30, 30);
    await stage.remove();
    await stage.expectShares(10, 50);
  });

  it('keep the last good ones when a file is broken, and can be steered by the key meanwhile', async () => {
    await stage.edit({ weights: [5, 1] });
    await stage.spoil();
    await stage.expectShares(50, 10);
    await stage.put({ weights: [1, 2] });
    await stage.expectShares(20, 40);
    await stage.remove();
    await stage.expectShares(50, 10);
  });

  it.each(['edit', 'put'] as const)('arm a breaker by %s', async (change) => {
    await stage.edit({ weights: [2, 2], consecutiveFailures: 1_000_000 });
    const [, second] = stage.servers;
    const failed = async () => (await second?.counters())?.failed ?? 0;
    const already = await failed();
    await second?.behave({ failWith: 14 });
    await waitFor(async () => (await failed()) > already + 50);
    expect(stage.breakers()).toEqual(['closed', 'closed']);

    const before = performance.now();
    await stage[change]({ weights: [3, 3], consecutiveFailures: 3 });
    await waitFor(() => stage.breakers()[1] === 'open', { intervalMs: 1 });
    stage.reaction.push(performance.now() - before);
    await second?.behave({});
    await waitFor(() => stage.breakers().join() === 'closed,closed');
    if (change === 'put') await stage.remove();
  });

  it('turn retries off and on', async () => {
    const total = async () => {
      const counters = await Promise.all(stage.servers.map((server) => server.counters()));
      return counters.reduce((sum, server) => sum + server.retries, 0);
    };
    const retries = async () => {
      const before = await total();
      await stage.callThatFails();
      return (await total()) - before;
    };
    await stage.put({ weights: [4, 4], consecutiveFailures: 1_000_000, retries: false });
    expect(await retries()).toBe(0);
    await stage.put({ weights: [5, 5], consecutiveFailures: 1_000_000, retries: true });
    expect(await retries()).toBe(4);
    await stage.remove();
  });

  it('cost not one call and not one connection', async () => {
    await waitFor(() => stage.load.finished > 500);
    const { failed } = await stage.load.stop();
    expect(failed).toEqual([]);
    for (const server of stage.servers) expect((await server.counters()).connections).toBe(1);
    console.log(`ms from change to force: ${stage.reaction.map((ms) => ms.toFixed(0)).join(', ')}`);
  });
});

interface Wanted {
  readonly retries?: boolean;
  readonly weights: readonly number[];
  readonly consecutiveFailures?: number;
}

type Stage = Awaited<ReturnType<typeof setUp>>;

/** Two servers in etcd, and a client under load whose settings come from a file and a key. */
async function setUp(closers: (() => unknown)[]) {
  const etcd = await startEtcd();
  closers.push(() => etcd.stop());
  const cluster = await startGrpcCluster([1, 1]);
  closers.push(() => cluster.close());
  const { servers } = cluster;
  const registry = createEtcdClient({ hosts: etcd.endpoint });
  closers.push(() => registry.close());
  for (const { address } of servers) {
    await registerEndpoint({ client: registry, service: 'service/user', address });
  }

  const directory = await mkdtemp(join(tmpdir(), 'wrr-live-'));
  closers.push(() => rm(directory, { recursive: true }));
  const file = join(directory, 'wrr.yaml');
  await writeFile(file, textOf(servers, { weights: [1, 1] }));
  const live = await watchConfig({
    file,
    env: {},
    key: { name: KEY, source: watchKey({ client: registry, key: KEY }) },
    pollMs: 3_600_000,
  });
  closers.push(() => live.close());
  const events: ConfigEvent[] = [];
  live.events.subscribe((event) => events.push(event));

  register();
  registerEndpointSource('etcd', ({ path }) =>
    withServiceConfig(
      createEtcdEndpointSource({ client: registry, service: path }),
      liveServiceConfig(live, 'user'),
    ),
  );
  const client = new Client('etcd:///service/user', credentials.createInsecure(), channelOptions());
  closers.push(() => client.close());
  client.getChannel().getConnectivityState(true);
  await waitFor(() => endpoints().filter(({ available }) => available).length === 2);
  const load = startLoad(200, () => callUnary(client, {}, { deadline: Date.now() + 10_000 }));
  closers.push(() => load.stop());

  const reaction: number[] = [];
  /**
   * Makes a change and waits until its weights are in force, and with them the rest: it is one service
   * config. So each change must bring other weights.
   */
  const change = async (make: () => Promise<unknown>, inForce: () => boolean): Promise<void> => {
    const before = performance.now();
    if (inForce()) throw new Error('this change would not be seen');
    await make();
    await waitFor(inForce, { intervalMs: 1 });
    reaction.push(performance.now() - before);
  };
  const has = ({ weights }: Wanted) =>
    servers.every(
      ({ address }, index) =>
        endpoints().find(({ key }) => key === address)?.weight === weights[index],
    );
  let fileSays: Wanted = { weights: [1, 1] };

  return {
    servers,
    load,
    reaction,
    /** Replaces the file as editors do. */
    async edit(wanted: Wanted) {
      fileSays = wanted;
      await change(
        async () => {
          await writeFile(`${file}~`, textOf(servers, wanted));
          await rename(`${file}~`, file);
        },
        () => has(wanted),
      );
    },
    async put(wanted: Wanted) {
      await change(
        () => registry.put(KEY, textOf(servers, wanted)),
        () => has(wanted),
      );
    },
    async remove() {
      await change(
        () => registry.delete(KEY),
        () => has(fileSays),
      );
    },
    async spoil() {
      await writeFile(file, 'services: { user: { targett: x');
      await waitFor(() => events.at(-1)?.type === 'rejected');
    },
    breakers: () =>
      servers.map(({ address }) => endpoints().find((e) => e.key === address)?.breaker),
    callThatFails: () => callUnary(client, { behaviour: { failWith: 14 } }).catch(() => {}),
    /** Expects that 60 calls are answered so: give or take two, as the load comes between. */
    async expectShares(...expected: readonly number[]) {
      const replies = await Promise.all(Array.from({ length: 60 }, () => callUnary(client)));
      for (const [index, { name }] of servers.entries()) {
        const share = replies.filter(({ server }) => server === name).length;
        expect(Math.abs(share - (expected[index] ?? 0))).toBeLessThanOrEqual(2);
      }
    },
  };
}

function endpoints() {
  return getBalancers().flatMap((balancer) => balancer.endpoints);
}

function textOf(servers: readonly GrpcServerProcess[], wanted: Wanted): string {
  const { weights, consecutiveFailures = 5, retries = true } = wanted;
  const weightOf = servers.map(
    ({ address }, index) => `${JSON.stringify(address)}: ${weights[index]}`,
  );
  return `services:
  user:
    target: etcd:///service/user
    weights: { ${weightOf.join(', ')} }
    circuitBreaker: { consecutiveFailures: ${consecutiveFailures}, minimumCalls: 1000000, open: 100ms }
    failover: ${retries ? '{ methods: all, maxAttempts: 5, initialBackoff: 1ms, maxBackoff: 5ms }' : false}
`;
}
