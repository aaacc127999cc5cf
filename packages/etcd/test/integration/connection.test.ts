import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { etcdForTests, sleep, startEtcd, startTcpProxy, waitFor } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../../src/open-connection.ts';
import { bound } from './support.ts';

const available = await etcdForTests();
const { signal } = new AbortController();
const plain = (address: string) => ({ address, tls: undefined });

describe('openConnection', () => {
  it('makes one connection for each attempt, and none by itself afterwards', async () => {
    let accepted = 0;
    const server = createServer((socket) => {
      accepted++;
      socket.on('error', () => {});
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(openConnection(plain(`127.0.0.1:${port}`), 5_000, signal)).rejects.toMatchObject(
        {
          reason: 'unavailable',
        },
      );
    }
    // grpc-js' own pick_first would come back after a second.
    await sleep(1_800);
    expect(accepted).toBe(3);
    server.close();
  });

  it('ends at its time limit when nobody answers, and at once when it is called off', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const start = performance.now();
    await expect(openConnection(plain(`127.0.0.1:${port}`), 300, signal)).rejects.toThrow(
      'no connection within 300 ms',
    );
    expect(performance.now() - start).toBeLessThan(bound(600));
    const abort = new AbortController();
    const opening = openConnection(plain(`127.0.0.1:${port}`), 60_000, abort.signal);
    abort.abort();
    await expect(opening).rejects.toMatchObject({ reason: 'closed' });
    server.close();
  });

  it('says when a name is unknown', async () => {
    await expect(
      openConnection(plain('no-such-host.invalid:2379'), 10_000, signal),
    ).rejects.toThrow(/no-such-host\.invalid/);
  });

  it.skipIf(!available)('tries all addresses of a name', async () => {
    const etcd = await startEtcd();
    try {
      // localhost may be ::1 first, where this etcd does not listen.
      const connection = await openConnection(
        plain(etcd.endpoint.replace('127.0.0.1', 'localhost')),
        5_000,
        signal,
      );
      const request = { key: Buffer.from('k') };
      expect(
        (await connection.unary('KV/Range', request, { timeoutMs: 5_000, token: undefined })).kvs,
      ).toEqual([]);
      connection.drop(new Error('done') as never);
    } finally {
      await etcd.stop();
    }
  });

  it.skipIf(!available)(
    'is not alive any more when it was cut, and does not come back by itself',
    async () => {
      const etcd = await startEtcd();
      const proxy = await startTcpProxy({ target: etcd.endpoint });
      try {
        const connection = await openConnection(plain(proxy.endpoint), 5_000, signal);
        expect(connection.alive).toBe(true);
        proxy.cut();
        await waitFor(() => !connection.alive);
        await sleep(1_500);
        expect(proxy.accepted).toBe(1);
      } finally {
        await proxy.close();
        await etcd.stop();
      }
    },
  );
});
