import { describe, expect, it } from 'vitest';
import { EtcdError } from '../src/errors.ts';
import { watchRange } from '../src/watch.ts';
import { createFakeClient } from './fake-client.ts';
import { FakeEtcdStore } from './fake-etcd-store.ts';

const RANGE = { key: Buffer.from('s/'), rangeEnd: Buffer.from('s0') };

function setUp() {
  const store = new FakeEtcdStore();
  store.commit([['s/a', '1']]);
  let lists = 0;
  const client = createFakeClient({
    'KV/Range': () => {
      lists++;
      return { header: store.header(), kvs: store.list('s/') };
    },
  });
  const told: string[] = [];
  const watch = watchRange(client, RANGE, {
    onChange: (changes, from) => told.push(`${from}: ${changes.map(({ key }) => key).join()}`),
    onContact: () => told.push('contact'),
    onFailure: ({ reason }) => told.push(reason),
  });
  const streams = () => client.connections.flatMap((connection) => connection.streams);
  const stream = () => {
    const last = streams().at(-1);
    if (!last) throw new Error('no stream');
    return last;
  };
  const created = () => stream().answer(store.message({ created: true }));
  return { store, client, told, watch, streams, stream, created, lists: () => lists };
}

describe('watchRange', () => {
  it('lists, then follows from the next revision', async () => {
    const { client, store, told, watch, stream, created } = setUp();
    await client.clock.advanceAsync(10);
    expect(stream().sent).toEqual([
      { createRequest: { ...RANGE, startRevision: '3', progressNotify: true, fragment: true } },
    ]);
    created();
    store.commit([['s/b', '1']]);
    const events = store.batches(3, 's/', 9)[0] ?? [];
    stream().answer(store.message({ events }));
    expect(told).toEqual(['list: s/a', 'contact', 'events: s/b']);
    expect([...watch.view.keys()]).toEqual(['s/a', 's/b']);
    watch.close();
  });

  it('D12: probes a silent stream, and leaves it when that is not answered either', async () => {
    const { client, told, watch, stream, streams, created } = setUp();
    await client.clock.advanceAsync(10);
    created();
    await client.clock.advanceAsync(2_500);
    expect(stream().sent.at(-1)).toEqual({ progressRequest: {} });
    await client.clock.advanceAsync(2_700);
    expect(told.at(-1)).toBe('timeout');
    expect(streams()).toHaveLength(2);
    expect(client.connections).toHaveLength(2);
    watch.close();
  });

  it('stays with a stream that answers its probes', async () => {
    const { client, store, watch, stream, streams, created } = setUp();
    await client.clock.advanceAsync(10);
    created();
    for (let i = 0; i < 20; i++) {
      await client.clock.advanceAsync(2_500);
      stream().answer(store.message({ watchId: '-1' }));
    }
    expect(streams()).toHaveLength(1);
    watch.close();
  });

  it('gives a server that takes long twice the time at each try, and forgets that when it answers', async () => {
    const { client, store, watch, stream, streams, created } = setUp();
    await client.clock.advanceAsync(10);
    const lasted: number[] = [];
    for (let i = 0; i < 5; i++) {
      const start = client.clock.now();
      created();
      const before = streams().length;
      while (streams().length === before) await client.clock.advanceAsync(50);
      lasted.push(client.clock.now() - start);
    }
    for (const [index, ms] of [5_000, 10_000, 20_000, 40_000, 40_000].entries()) {
      expect(lasted[index]).toBeGreaterThanOrEqual(ms);
      expect(lasted[index]).toBeLessThan(ms + 2_500);
    }
    created();
    store.commit([['s/b', '1']]);
    stream().answer(store.message({ events: store.batches(3, 's/', 9)[0] ?? [] }));
    stream().end(new EtcdError('unavailable', 'cut'));
    await client.clock.advanceAsync(2_500);
    created();
    const start = client.clock.now();
    const before = streams().length;
    while (streams().length === before) await client.clock.advanceAsync(50);
    expect(client.clock.now() - start).toBeLessThan(7_500);
    watch.close();
  });

  it('D2: lists anew after a compaction, and tells the differences only', async () => {
    const { client, store, told, watch, stream, created } = setUp();
    await client.clock.advanceAsync(10);
    created();
    store.commit([['s/a', undefined]]);
    store.commit([['s/c', '1']]);
    stream().answer(store.message({ canceled: true, compactRevision: '9' }));
    await client.clock.advanceAsync(200);
    expect(told.at(-1)).toBe('list: s/c,s/a');
    watch.close();
  });

  it('compares with a list soon after a reconnection, and says nothing if all is right (D21)', async () => {
    const { client, told, watch, stream, created, lists } = setUp();
    await client.clock.advanceAsync(10);
    created();
    stream().end(new EtcdError('unavailable', 'cut'));
    await client.clock.advanceAsync(200);
    created();
    const before = lists();
    await client.clock.advanceAsync(2_600);
    expect(lists()).toBe(before + 1);
    expect(told).toEqual(['list: s/a', 'contact', 'unavailable', 'contact']);
    watch.close();
  });

  it('asks not more often than every 5 s for what is forbidden', async () => {
    const { client, store, told, watch, streams, stream } = setUp();
    await client.clock.advanceAsync(10);
    const cancelReason = 'etcdserver: permission denied';
    stream().answer(store.message({ canceled: true, cancelReason }));
    expect(told.at(-1)).toBe('list: s/a');
    await client.clock.advanceAsync(4_900);
    expect(told.at(-1)).toBe('permission');
    expect(streams()).toHaveLength(1);
    await client.clock.advanceAsync(200);
    expect(streams()).toHaveLength(2);
    watch.close();
  });

  it('D20: leaves no timer and no stream when closed', async () => {
    for (const whenMs of [0, 1, 2, 10, 3_000]) {
      const { client, watch, streams } = setUp();
      await client.clock.advanceAsync(whenMs);
      watch.close();
      watch.close();
      await client.clock.advanceAsync(10);
      expect(client.clock.pendingTimers).toBe(0);
      expect(streams().some(({ open }) => open)).toBe(false);
    }
  });
});
