import { createEtcdClient, type EtcdClient, registerEndpoint } from '@wrr/etcd';
import {
  type EtcdServer,
  etcdForTests,
  sleep,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
} from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measured, ms, shortOrLong } from './support.ts';

const available = await etcdForTests();
const SERVERS = shortOrLong(20, 200);
const OUTAGE_MS = shortOrLong(6_000, 30_000);

describe.skipIf(!available)('many servers whose etcd goes away', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  let clients: EtcdClient[];

  beforeAll(async () => {
    etcd = await startEtcd();
    proxy = await startTcpProxy({ target: etcd.endpoint });
    clients = Array.from({ length: SERVERS }, () => createEtcdClient({ hosts: proxy.endpoint }));
  });
  afterAll(async () => {
    await Promise.all((clients ?? []).map((client) => client.close()));
    await proxy?.close();
    await etcd?.stop();
  });

  it('R9: connect at most once a second each, and all come back', async () => {
    await Promise.all(
      clients.map((client, index) =>
        registerEndpoint({
          client,
          service: 's',
          address: `a:${index + 1}`,
          ttlSeconds: 5,
          waitForReady: true,
        }),
      ),
    );
    await etcd.kill();
    await sleep(2_000);
    const before = proxy.accepted;
    await sleep(OUTAGE_MS - 2_000);
    const each = (proxy.accepted - before) / SERVERS / ((OUTAGE_MS - 2_000) / 1_000);
    await etcd.restart();
    // etcd gives every lease its full time again: only those that are renewed outlive it.
    await sleep(7_000);
    const [keys, leases] = [await etcd.api.list('s/'), await etcd.api.leases()];
    measured(
      'R9',
      `${SERVERS} servers, etcd down for ${ms(OUTAGE_MS)}: at most 1 connection a second each, none lost`,
      `${each.toFixed(2)} a second each, ${SERVERS - keys.length} lost`,
    );
    expect([keys.length, leases.length]).toEqual([SERVERS, SERVERS]);
    expect(each).toBeLessThanOrEqual(1);
    expect(each).toBeGreaterThan(0.1);
  }, 120_000);
});
