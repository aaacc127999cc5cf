import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  registerEndpoint,
} from '@wrr/etcd';
import {
  type EtcdCluster,
  etcdForTests,
  sleep,
  startEtcdCluster,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bound, collect, collectEvents, measured, ms, timed, watchPresence } from './support.ts';

const available = await etcdForTests();
const own = { service: 'service/user', address: '10.0.0.1:50051' };
const KEY = `${own.service}/${own.address}`;

describe.skipIf(!available)('three members, each behind a proxy', () => {
  let cluster: EtcdCluster;
  let proxies: TcpProxy[];
  let client: EtcdClient;

  beforeAll(async () => {
    cluster = await startEtcdCluster();
    proxies = await Promise.all(cluster.endpoints.map((target) => startTcpProxy({ target })));
  });
  beforeEach(() => {
    client = createEtcdClient({ hosts: proxies.map(({ endpoint }) => endpoint) });
  });
  afterEach(async () => {
    await Promise.all(proxies.map((proxy) => proxy.heal()));
    await client.close();
  });
  afterAll(async () => {
    await Promise.all((proxies ?? []).map((proxy) => proxy.close()));
    await cluster?.stop();
  });

  /** The member that the client is connected to, by its place in the cluster. */
  const serving = async (): Promise<number> => {
    await waitFor(() => proxies.filter(({ open }) => open > 0).length === 1, {
      what: 'the client to use one member',
    });
    return proxies.findIndex(({ open }) => open > 0);
  };
  const api = (not?: number) => {
    const member = cluster.members.find((_, index) => index !== not);
    if (!member) throw new Error('no member');
    return member.api;
  };

  it('R7: a black-holed connection costs no lease: the key is never absent', async () => {
    const registration = await registerEndpoint({ client, ...own, ttlSeconds: 5 });
    const events = collectEvents(registration);
    const at = await serving();
    const presence = watchPresence(api(at), KEY, 100);
    proxies[at]?.blackHole({ existingOnly: true });
    await sleep(11_000);
    const { samples, absent } = await presence.stop();
    measured(
      'R7',
      'black-holed connection, TTL 5 s: never absent',
      `${absent} of ${samples} samples absent`,
    );
    expect(samples).toBeGreaterThan(50);
    expect(absent).toBe(0);
    expect(events.map(({ type }) => type)).not.toContain('lease-lost');
    expect(registration.state).toBe('registered');
  });

  it('R7: neither does a member that hangs, and whose new connections hang too', async () => {
    await registerEndpoint({ client, ...own, ttlSeconds: 5 });
    const at = await serving();
    const presence = watchPresence(api(at), KEY, 100);
    cluster.members[at]?.pause();
    await sleep(9_000);
    cluster.members[at]?.resume();
    const { samples, absent } = await presence.stop();
    measured(
      'R7',
      'member stopped (SIGSTOP), TTL 5 s: never absent',
      `${absent} of ${samples} samples absent`,
    );
    expect(samples).toBeGreaterThan(40);
    expect(absent).toBe(0);
  });

  it('D12: a change behind a black-holed connection is seen within 10 s', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    const at = await serving();
    const took = await timed(
      () => {
        proxies[at]?.blackHole({ existingOnly: true });
        return api(at).put('s/a:1', '{"Addr":"a:1"}');
      },
      () => seen.weights['a:1'] === 1,
      'the change to be seen',
    );
    measured('D12', 'black-holed connection: change seen within 10 s', ms(took));
    expect(took).toBeLessThan(bound(10_000));
    await api(at).delete('s/a:1');
  });

  it('D14: when the member that serves the watch is killed, the next event comes within 2 s', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    const at = await serving();
    await cluster.members[at]?.kill();
    const other = api(at);
    await waitFor(() => other.put('s/a:1', '{"Addr":"a:1"}'), {
      what: 'a leader',
      timeoutMs: 10_000,
    });
    const took = await timed(
      () => {},
      () => seen.weights['a:1'] === 1,
      'the event to be seen',
    );
    measured('D14', 'serving member killed: next event within 2 s', ms(took));
    expect(took).toBeLessThan(bound(2_000));
    expect(seen.snapshots.some(({ staleSince }) => staleSince !== undefined)).toBe(false);
    await other.delete('s/a:1');
    await cluster.members[at]?.restart();
  });

  it('D13: without a quorum the list is kept and said to be stale; with one it is current again', async () => {
    await api().put('s/a:1', '{"Addr":"a:1"}');
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.weights['a:1'] === 1);
    const at = await serving();
    const others = cluster.members.filter((_, index) => index !== at);
    await Promise.all(others.map((member) => member.kill()));
    const took = await timed(
      () => {},
      () => seen.last?.staleSince !== undefined,
      'staleness to be reported',
    );
    measured('D13', 'quorum lost: reported, list kept', `reported after ${ms(took)}`);
    expect(seen.last?.error).toBeDefined();
    expect(seen.weights).toEqual({ 'a:1': 1 });

    await Promise.all(others.map((member) => member.restart({ wait: false })));
    await Promise.all(cluster.members.map((member) => member.ready()));
    await waitFor(() => seen.last && seen.last.staleSince === undefined, {
      what: 'the list to be current',
    });
    await api().put('s/b:1', '{"Addr":"b:1"}');
    await waitFor(() => seen.weights['b:1'] === 1, { what: 'events to come again' });
    expect(seen.snapshots.every(({ endpoints }) => endpoints.length > 0)).toBe(true);
  });
});
