import { channel } from 'node:diagnostics_channel';
import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  encodeEndpoint,
  type SourceEvent,
  watchKey,
} from '@wrr/etcd';
import {
  type EtcdServer,
  etcdForTests,
  sleep,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  bound,
  collect,
  expectedWeights,
  hastyTimers,
  measured,
  ms,
  shortOrLong,
  timed,
  writeHistory,
} from './support.ts';

const available = await etcdForTests();
const put = (etcd: EtcdServer, key: string, weight = 1) =>
  etcd.api.put(key, encodeEndpoint(key.slice(key.lastIndexOf('/') + 1), weight));

describe.skipIf(!available)('discovery', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let client: EtcdClient;

  beforeAll(async () => {
    etcd = await startEtcd();
    proxy = await startTcpProxy({ target: etcd.endpoint });
  });
  beforeEach(() => {
    // Audits are put off: what is shown here the stream alone must have brought.
    client = createEtcdClient({ hosts: proxy.endpoint }, hastyTimers);
  });
  afterEach(async () => {
    await client.close();
    await proxy.heal();
    await etcd.api.deletePrefix('s/');
  });
  afterAll(async () => {
    await proxy?.close();
    await etcd?.stop();
  });

  const sameAsEtcd = async (weights: () => Record<string, number>): Promise<number> => {
    let wrong = Number.NaN;
    await waitFor(
      async () => {
        const expected = await expectedWeights(etcd.api, 's/');
        const seen = weights();
        const keys = new Set([...Object.keys(expected), ...Object.keys(seen)]);
        wrong = [...keys].filter((key) => expected[key] !== seen[key]).length;
        return wrong === 0;
      },
      { timeoutMs: 4_000, what: 'the view to equal etcd' },
    ).catch((error: unknown) => {
      throw new Error(`${wrong} wrong keys`, { cause: error });
    });
    return wrong;
  };

  it('D1: no event is lost when the stream breaks at any byte of the history (E05, E21)', async () => {
    await put(etcd, 's/a:1');
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.weights['a:1'] === 1);
    proxy.cutAfter(0);
    await waitFor(() => proxy.open === 0);
    await writeHistory(etcd.api, 's/', 2_500);
    const caughtUp = new AbortController();
    const writes = (async () => {
      while (!caughtUp.signal.aborted) await writeHistory(etcd.api, 's/', 50);
    })();
    let cuts = 0;
    // From the midst of "created" through several batches of 1,000 revisions each.
    for (let bytes = 60; bytes < 100_000; bytes = Math.ceil(bytes * 2)) {
      proxy.cutAfter(bytes);
      const before = proxy.accepted;
      await waitFor(() => proxy.accepted > before, { what: 'another connection' });
      cuts++;
    }
    caughtUp.abort();
    await writes;
    await proxy.heal();
    const wrong = await sameAsEtcd(() => seen.weights);
    const promised = `E05, E21: stream cut after ${cuts} numbers of bytes, 2,500 revisions behind`;
    measured('D1', promised, `${wrong} wrong keys`);
  });

  it('D1: no event is lost in a backlog of more than 4 MiB (E15b)', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    await proxy.refuse();
    const padding = 'x'.repeat(100_000);
    for (let i = 0; i < 60; i++) {
      await etcd.api.put(`s/h${i}:1`, encodeEndpoint(`h${i}:1`, i, { padding }));
    }
    await proxy.heal();
    const wrong = await sameAsEtcd(() => seen.weights);
    measured('D1', 'E15b: backlog of 6 MB', `${wrong} wrong keys`);
  });

  it('D1: no event is lost on a link that breaks every 60 to 180 ms (E17b)', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    const calm = new AbortController();
    let cuts = 0;
    const flap = (async () => {
      while (!calm.signal.aborted) {
        await sleep(60 + 120 * Math.random());
        if (proxy.open > 0) cuts++;
        proxy.cut();
      }
    })();
    const forMs = shortOrLong(5_000, 40_000);
    const end = performance.now() + forMs;
    let writes = 0;
    while (performance.now() < end) writes += await writeHistory(etcd.api, 's/', 300);
    calm.abort();
    await flap;
    const wrong = await sameAsEtcd(() => seen.weights);
    measured(
      'D1',
      `E17b: ${cuts} cuts and ${writes} writes in ${ms(forMs)}`,
      `${wrong} wrong keys`,
    );
    expect(cuts).toBeGreaterThan(10);
  }, 120_000);

  it('D2: what a compaction has made unreadable is found by a list, deletions included', async () => {
    await Promise.all(['s/a:1', 's/b:1'].map((key) => put(etcd, key)));
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last?.endpoints.length === 2);
    await proxy.refuse();
    await put(etcd, 's/a:1', 7);
    await put(etcd, 's/c:1', 3);
    await etcd.api.delete('s/b:1');
    await etcd.api.compact(await etcd.api.revision());
    const took = await timed(
      () => proxy.heal(),
      () => seen.weights['a:1'] === 7 && seen.weights['c:1'] === 3 && !('b:1' in seen.weights),
      'the differences',
    );
    measured('D2', 'compaction while disconnected: differences within 1 s', ms(took));
    expect(took).toBeLessThan(bound(1_000));
    await put(etcd, 's/d:1');
    await waitFor(() => 'd:1' in seen.weights, { what: 'events to come again' });
  });

  it('D21: a list that shows nothing new makes no snapshot', async () => {
    await put(etcd, 's/a:1');
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.weights['a:1'] === 1);
    proxy.cutAfter(0);
    proxy.cut();
    for (let i = 0; i < 3; i++) await etcd.api.put('elsewhere', String(i));
    await etcd.api.compact(await etcd.api.revision());
    const before = await etcd.metric('etcd_mvcc_range_total');
    await proxy.heal();
    await waitFor(async () => (await etcd.metric('etcd_mvcc_range_total')) > before, {
      what: 'the list',
    });
    await put(etcd, 's/b:1');
    await waitFor(() => 'b:1' in seen.weights);
    // The same list before the outage, in it and after it; another with b:1.
    expect(new Set(seen.snapshots.map(({ endpoints }) => endpoints)).size).toBe(2);
  });

  it('D6: a value that cannot be used is skipped with one warning, and harms no other', async () => {
    const warnings: string[] = [];
    await put(etcd, 's/good:1', 5);
    const bad = [
      '{oops',
      '',
      'null',
      '{}',
      '[]',
      '{"Op":"add","Addr":"x:1"}',
      '{"Addr":"no-port"}',
    ];
    for (const [index, value] of bad.entries()) await etcd.api.put(`s/bad${index}`, value);
    for (const weight of ['"9"', '-1', '1e99']) {
      await etcd.api.put(
        `s/w${weight}`,
        `{"Addr":"w${weight.replace(/\W/g, '')}:1","Metadata":{"weight":${weight}}}`,
      );
    }
    const source = createEtcdEndpointSource({
      client,
      service: 's',
      onWarning: (text) => warnings.push(text),
    });
    const seen = collect(source);
    await waitFor(() => seen.last);
    expect(seen.weights).toEqual({ 'good:1': 5, 'w9:1': 1, 'w1:1': 1, 'w1e99:1': 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('etcd key "s/bad0" of service s: not JSON');

    // Over a good value a malformed one leaves the good one in force, as in Go.
    await etcd.api.put('s/good:1', '{oops');
    await put(etcd, 's/new:1', 2);
    await waitFor(() => seen.weights['new:1'] === 2);
    expect(seen.weights['good:1']).toBe(5);
    expect(warnings).toHaveLength(1);
    await etcd.api.delete('s/good:1');
    await waitFor(() => !('good:1' in seen.weights));
  });

  it('D8: a service never sees the keys of one whose name begins with its own', async () => {
    await put(etcd, 's/user/a:1');
    await put(etcd, 's/user-admin/b:1');
    await put(etcd, 's/user2/c:1');
    await etcd.api.put('s/user', encodeEndpoint('d:1', 1));
    const seen = collect(createEtcdEndpointSource({ client, service: 's/user' }));
    await waitFor(() => seen.last);
    expect(seen.weights).toEqual({ 'a:1': 1 });
    await put(etcd, 's/user-admin/e:1');
    await put(etcd, 's/user/f:1');
    await waitFor(() => 'f:1' in seen.weights);
    expect(Object.keys(seen.weights)).toEqual(['a:1', 'f:1']);
  });

  it('D9: namespaces do not see each other, and keys below are plain', async () => {
    const [a, b] = ['s/teamA/', 's/teamB/'].map((namespace) =>
      createEtcdClient({ hosts: proxy.endpoint, namespace }),
    );
    if (!a || !b) throw new Error('two clients expected');
    const [inA, inB] = [a, b].map((each) =>
      collect(createEtcdEndpointSource({ client: each, service: 'user' })),
    );
    await a.put('user/a:1', encodeEndpoint('a:1', 2));
    await waitFor(() => inA?.weights['a:1'] === 2);
    expect(await etcd.api.get('s/teamA/user/a:1')).toBeDefined();
    expect((await a.get('user/a:1'))?.value).toBe(encodeEndpoint('a:1', 2));
    expect(await b.get('user/a:1')).toBeUndefined();
    await waitFor(() => inB?.last);
    expect(inB?.weights).toEqual({});
    expect(await a.delete('user/a:1')).toBe(true);
    expect(await a.delete('user/a:1')).toBe(false);
    await Promise.all([a.close(), b.close()]);
  });

  it('D16: a list and a backlog of 40,000 endpoints', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    await proxy.refuse();
    const values = Array.from({ length: 40_000 }, (_, index) => {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:50051`;
      return [
        `s/${address}`,
        encodeEndpoint(address, 1, { zone: 'eu-central-1a', version: '1.2.3' }),
      ] as const;
    });
    await etcd.api.putAll(values);
    const backlog = await timed(
      () => proxy.heal(),
      () => seen.last?.endpoints.length === 40_000,
      'the backlog',
      60_000,
    );

    const fresh = createEtcdClient({ hosts: etcd.endpoint });
    const listed = collect(createEtcdEndpointSource({ client: fresh, service: 's' }));
    const list = await timed(
      () => {},
      () => listed.last?.endpoints.length === 40_000,
      'the list',
      60_000,
    );
    measured(
      'D16',
      '40,000 endpoints (5 MiB): list and backlog work',
      `list ${ms(list)}, backlog ${ms(backlog)}`,
    );
    await fresh.close();
  }, 120_000);

  it('D17: fifty who ask for a service share one watch; the last one to go ends it', async () => {
    const open = () => etcd.metric('etcd_debugging_mvcc_watcher_total');
    const before = await open();
    const all = Array.from({ length: 50 }, () =>
      collect(createEtcdEndpointSource({ client, service: 's' })),
    );
    await waitFor(() => all.every(({ last }) => last), { what: 'all to know' });
    await waitFor(async () => (await open()) === before + 1, { what: 'one watch' });
    await put(etcd, 's/a:1', 4);
    await waitFor(() => all.every(({ weights }) => weights['a:1'] === 4));
    measured('D17', '50 subscribers: 1 watch', `${(await open()) - before} watch`);
    for (const { unsubscribe } of all.slice(1)) unsubscribe();
    await put(etcd, 's/a:1', 5);
    await waitFor(() => all[0]?.weights['a:1'] === 5);
    expect(await open()).toBe(before + 1);
    all[0]?.unsubscribe();
    await waitFor(async () => (await open()) === before, { what: 'the watch to end' });

    const again = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => again.weights['a:1'] === 5);
  });

  it('D19: of two keys with one address the one that was created last counts', async () => {
    await etcd.api.put('s/z', encodeEndpoint('a:1', 1));
    await etcd.api.put('s/b', encodeEndpoint('a:1', 2));
    await etcd.api.put('s/z', encodeEndpoint('a:1', 3));
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    expect(seen.last?.endpoints).toEqual([{ key: 'a:1', weight: 2 }]);
    await etcd.api.delete('s/b');
    await waitFor(() => seen.weights['a:1'] === 3);
  });

  it('D20: a listener that throws harms neither the watch nor other listeners', async () => {
    const warned: string[] = [];
    const onWarning = (warning: Error) => warned.push(warning.message);
    process.on('warning', onWarning);
    const source = createEtcdEndpointSource({ client, service: 's' });
    source.subscribe(() => {
      throw new Error('boom');
    });
    const seen = collect(source);
    const keys: (string | undefined)[] = [];
    const key = watchKey({ client, key: 's/a:1' });
    key.subscribe(() => {
      throw new Error('boom');
    });
    key.subscribe((value) => keys.push(value));
    await waitFor(() => seen.last && keys.length > 0);
    await put(etcd, 's/a:1', 2);
    await waitFor(() => seen.weights['a:1'] === 2 && keys.length > 1);
    await waitFor(() => warned.some((message) => message.includes('boom')));
    process.off('warning', onWarning);
  });

  it('coalesces a burst into few snapshots, and ends with the last state', async () => {
    const direct = createEtcdClient({ hosts: etcd.endpoint });
    const seen = collect(
      createEtcdEndpointSource({ client: direct, service: 's', coalesceMs: 200 }),
    );
    await waitFor(() => seen.last);
    const start = performance.now();
    for (let weight = 1; weight <= 200; weight++) await put(etcd, 's/a:1', weight);
    const took = performance.now() - start;
    await waitFor(() => seen.weights['a:1'] === 200);
    expect(seen.snapshots.length).toBeLessThanOrEqual(took / 200 + 4);
    await direct.close();
  });

  it('takes IPv6 addresses and names', async () => {
    await put(etcd, 's/[::1]:50051', 2);
    await put(etcd, 's/user.svc.cluster.local:50051', 3);
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    expect(seen.weights).toEqual({ '[::1]:50051': 2, 'user.svc.cluster.local:50051': 3 });
  });

  it('keeps endpoint objects that have not changed', async () => {
    await put(etcd, 's/a:1');
    await put(etcd, 's/b:1');
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    await put(etcd, 's/b:1', 9);
    await waitFor(() => seen.weights['b:1'] === 9);
    expect(seen.snapshots.at(-1)?.endpoints[0]).toBe(seen.snapshots.at(-2)?.endpoints[0]);
  });

  it('says on the channel wrr:registry what it sees', async () => {
    const events: SourceEvent[] = [];
    const listen = (event: unknown) => events.push(event as SourceEvent);
    channel('wrr:registry').subscribe(listen);
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    await proxy.refuse();
    await waitFor(() => seen.last?.staleSince !== undefined);
    await proxy.heal();
    await waitFor(() => seen.last?.staleSince === undefined);
    channel('wrr:registry').unsubscribe(listen);
    expect(events.map(({ type }) => type)).toEqual(['current', 'stale', 'current']);
  });
});

describe.skipIf(!available)('discovery when etcd loses its data', () => {
  let etcd: EtcdServer;
  let client: EtcdClient;
  beforeEach(async () => {
    etcd = await startEtcd();
    client = createEtcdClient({ hosts: etcd.endpoint });
    for (const address of ['a:1', 'b:1', 'c:1'])
      await etcd.api.put(`s/${address}`, encodeEndpoint(address, 1));
  });
  afterEach(async () => {
    await client.close();
    await etcd.stop();
  });
  const loseData = async () => {
    await etcd.kill();
    await etcd.wipe();
    await etcd.restart();
  };

  it('D4: believes the empty store, and sees what is registered then', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last?.endpoints.length === 3);
    await loseData();
    await etcd.api.put('s/d:1', encodeEndpoint('d:1', 1));
    const took = await timed(
      () => {},
      () => Object.keys(seen.weights).join() === 'd:1',
      'the new state',
    );
    measured('D4', 'wiped etcd: full resynchronisation', ms(took));
  });

  it('D4: with massDeletion keeps what vanished at once, until it is back or the time is over', async () => {
    const seen = collect(
      createEtcdEndpointSource({
        client,
        service: 's',
        massDeletion: { maxRatio: 0.5, holdMs: 2_000 },
        onWarning: () => {},
      }),
    );
    await waitFor(() => seen.last?.endpoints.length === 3);
    await loseData();
    await etcd.api.put('s/a:1', encodeEndpoint('a:1', 5));
    await waitFor(() => seen.weights['a:1'] === 5);
    expect(Object.keys(seen.weights)).toEqual(['a:1', 'b:1', 'c:1']);
    await waitFor(() => Object.keys(seen.weights).join() === 'a:1', {
      what: 'the time to be over',
    });
  });

  it('notices a store that was wiped and has overtaken the old one since', async () => {
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last?.endpoints.length === 3);
    await etcd.kill();
    await etcd.wipe();
    await etcd.restart();
    for (let i = 0; i < 20; i++) await etcd.api.put('elsewhere', String(i));
    await waitFor(() => seen.last?.endpoints.length === 0, { what: 'the audit to notice' });
  });
});
