import type { EndpointSnapshot } from '@wrr/core';
import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  registerEndpoint,
  watchKey,
} from '@wrr/etcd';
import { type EtcdServer, etcdForTests, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const available = await etcdForTests();

describe.skipIf(!available)('the main job on a real etcd', () => {
  let etcd: EtcdServer;
  let client: EtcdClient;

  beforeAll(async () => {
    etcd = await startEtcd();
    client = createEtcdClient({ hosts: etcd.endpoint });
  });
  afterAll(async () => {
    await client?.close();
    await client?.close();
    await etcd?.stop();
  });

  it('stores a registration byte for byte as Go does, shows it, and removes it', async () => {
    const snapshots: EndpointSnapshot[] = [];
    const source = createEtcdEndpointSource({ client, service: 'service/user' });
    const unsubscribe = source.subscribe((snapshot) => snapshots.push(snapshot));
    await waitFor(() => snapshots.length === 1);
    expect(snapshots[0]).toEqual({ endpoints: [] });

    const registration = await registerEndpoint({
      client,
      service: 'service/user',
      address: '10.0.0.1:50051',
      weight: 5,
      ttlSeconds: 5,
    });
    expect(registration.state).toBe('registered');
    expect((await etcd.api.get('service/user/10.0.0.1:50051'))?.value).toBe(
      '{"Op":0,"Addr":"10.0.0.1:50051","Metadata":{"weight":5}}',
    );
    await waitFor(() => snapshots.at(-1)?.endpoints.length === 1);
    expect(snapshots.at(-1)).toEqual({ endpoints: [{ key: '10.0.0.1:50051', weight: 5 }] });

    await registration.setWeight(1);
    await waitFor(() => snapshots.at(-1)?.endpoints[0]?.weight === 1);

    const drained = registration.drain({ graceMs: 100 });
    await waitFor(() => snapshots.at(-1)?.endpoints[0]?.weight === 0);
    await drained;
    await waitFor(() => snapshots.at(-1)?.endpoints.length === 0);
    expect(registration.state).toBe('closed');
    expect(await etcd.api.leases()).toEqual([]);
    await registration.close();

    unsubscribe();
    unsubscribe();
    source.close();
  });

  it('follows one key', async () => {
    const seen: (string | undefined)[] = [];
    const watch = watchKey({ client, key: 'config/user' });
    watch.subscribe((value) => seen.push(value));
    await waitFor(() => seen.length === 1);
    await client.put('config/user', '{"a":1}');
    await waitFor(() => seen.at(-1) === '{"a":1}');
    await client.delete('config/user');
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual([undefined, '{"a":1}', undefined]);
    expect(await client.get('config/user')).toBeUndefined();
    watch.close();
    watch.close();
  });
});

describe('without an etcd', () => {
  it('says so in a snapshot, and rejects a registration', async () => {
    const client = createEtcdClient({ hosts: '127.0.0.1:1' });
    const snapshots: EndpointSnapshot[] = [];
    createEtcdEndpointSource({ client, service: 'service/user' }).subscribe((snapshot) => {
      snapshots.push(snapshot);
    });
    await waitFor(() => snapshots.length > 0, { timeoutMs: 3_000 });
    expect(snapshots[0]?.endpoints).toEqual([]);
    expect(snapshots[0]?.staleSince).toBeUndefined();
    expect(snapshots[0]?.error?.message).toContain('ECONNREFUSED');
    await expect(
      registerEndpoint({ client, service: 'service/user', address: '10.0.0.1:50051' }),
    ).rejects.toMatchObject({ reason: 'unavailable' });
    await client.close();
  });
});
