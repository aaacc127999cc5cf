import { createEtcdClient } from '@wrr/etcd';
import {
  type EtcdServer,
  etcdForTests,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { internalsOf } from '../../src/etcd-client.ts';

const available = await etcdForTests();
const request = { key: Buffer.from('k') };

describe.skipIf(!available)('a request that gets no answer in time', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;

  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(async () => {
    await etcd.stop();
  });
  beforeEach(async () => {
    proxy = await startTcpProxy({ target: etcd.endpoint });
  });
  afterEach(async () => {
    await proxy.close();
  });

  const connect = async () => {
    const client = createEtcdClient({ hosts: proxy.endpoint });
    await client.get('k');
    expect(proxy.accepted).toBe(1);
    return client;
  };

  it('leaves the connection to others who get theirs', async () => {
    const client = await connect();
    proxy.delay(800);
    let answered = 0;
    const others: Promise<void>[] = [];
    const timer = setInterval(() => {
      const other = client.get('k').then(() => {
        answered++;
      });
      others.push(other);
    }, 20);
    await waitFor(() => answered > 0);
    // Answers come all the time, each 1.6 s after its request. The tries have 1.2, 0.6 and 0.3 s.
    const late = internalsOf(client).unary('KV/Range', request, { timeoutMs: 2_400 });
    await expect(late).rejects.toMatchObject({ reason: 'timeout' });
    clearInterval(timer);
    await Promise.all(others);
    expect(proxy.accepted).toBe(1);
    await client.close();
  });

  it('leaves the connection when this process was too busy to read the answers', async () => {
    const client = createEtcdClient({ hosts: etcd.endpoint });
    const internals = internalsOf(client);
    const { connection } = await internals.session();
    const other = client.get('k');
    const late = internals.unary('KV/Range', request, { timeoutMs: 2_000 });
    await new Promise((resolve) => setImmediate(resolve)); // both are on their way
    const end = performance.now() + 1_100;
    while (performance.now() < end);
    await Promise.allSettled([other, late]);
    expect((await internals.session()).connection).toBe(connection);
    await client.close();
  });

  it('drops the connection when nobody gets one', async () => {
    const client = await connect();
    proxy.blackHole({ existingOnly: true });
    // What is left after the first try does for another on a new connection.
    await internalsOf(client).unary('KV/Range', request, { timeoutMs: 4_000 });
    expect(proxy.accepted).toBe(2);
    await client.close();
  });
});
