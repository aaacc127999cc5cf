import { createMemoryRegistry, type EndpointSnapshot } from '@wrr/core';
import { describe, expect, it } from 'vitest';

const service = 'service/user';

function watched(registry = createMemoryRegistry()) {
  const snapshots: EndpointSnapshot[] = [];
  const stop = registry.source(service).subscribe((snapshot) => snapshots.push(snapshot));
  const last = () =>
    Object.fromEntries(snapshots.at(-1)?.endpoints.map((e) => [e.key, e.weight]) ?? []);
  return { registry, snapshots, last, stop };
}

describe('createMemoryRegistry', () => {
  it('sends whole snapshots: at once, and at every change', async () => {
    const { registry, last, snapshots } = watched();
    expect(snapshots).toEqual([{ endpoints: [] }]);
    const one = await registry.register({ service, address: '127.0.0.1:1', weight: 5 });
    await registry.register({ service, address: '127.0.0.1:2', metadata: { zone: 'z' } });
    expect(snapshots.at(-1)?.endpoints).toEqual([
      { key: '127.0.0.1:1', weight: 5 },
      { key: '127.0.0.1:2', weight: 1, metadata: { zone: 'z' } },
    ]);
    await one.setWeight(7);
    expect(last()).toEqual({ '127.0.0.1:1': 7, '127.0.0.1:2': 1 });
    await one.close();
    await one.close();
    expect(last()).toEqual({ '127.0.0.1:2': 1 });
  });

  it('drains: weight 0 first, then the entry goes', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    const { registry, snapshots } = watched(createMemoryRegistry({ sleep }));
    const one = await registry.register({ service, address: '127.0.0.1:1', weight: 5 });
    await one.drain({ graceMs: 250 });
    expect(snapshots.map(({ endpoints }) => endpoints.map(({ weight }) => weight))).toEqual([
      [],
      [5],
      [0],
      [],
    ]);
    expect(waits).toEqual([250]);
  });

  it('leaves an entry that was taken over to its new owner', async () => {
    const { registry, last } = watched();
    const old = await registry.register({ service, address: '127.0.0.1:1', weight: 5 });
    await registry.register({ service, address: '127.0.0.1:1', weight: 6 });
    await old.setWeight(9);
    await old.close();
    expect(last()).toEqual({ '127.0.0.1:1': 6 });
  });

  it('keeps services, and registries, apart', async () => {
    const { registry, last } = watched();
    await registry.register({ service: 'service/user2', address: '127.0.0.1:1' });
    await createMemoryRegistry().register({ service, address: '127.0.0.1:1' });
    expect(last()).toEqual({});
  });

  it('ends a subscription for good', async () => {
    const { registry, snapshots, stop } = watched();
    stop();
    stop();
    await registry.register({ service, address: '127.0.0.1:1' });
    expect(snapshots).toHaveLength(1);
  });

  it.each([
    [{ service: '/user', address: '127.0.0.1:1' }, 'service must be a name'],
    [{ service: 'user/', address: '127.0.0.1:1' }, 'service must be a name'],
    [{ service: '', address: '127.0.0.1:1' }, 'service must be a name'],
    [{ service, address: '127.0.0.1' }, 'address must be host:port, got 127.0.0.1'],
    [
      { service, address: '127.0.0.1:1', weight: -1 },
      'weight of 127.0.0.1:1 must be an integer from 0 to 1000000, got -1',
    ],
  ])('rejects %j', async (options, message) => {
    const { registry, last } = watched();
    await expect(registry.register(options)).rejects.toThrow(message);
    expect(last()).toEqual({});
  });
});
