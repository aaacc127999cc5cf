import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createEtcdClient, createEtcdEndpointSource, registerEndpoint, watchKey } from '@wrr/etcd';
import {
  type EtcdServer,
  etcdForTests,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
} from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bound } from './support.ts';

const available = await etcdForTests();

async function closes(hosts: string, afterMs: number) {
  const path = fileURLToPath(new URL('closing-process.js', import.meta.url));
  const options = { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] as const, execArgv: [] };
  const child = fork(path, [JSON.stringify({ hosts, afterMs })], {
    ...options,
    stdio: [...options.stdio],
  });
  child.channel?.unref();
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const start = performance.now();
  const code = await new Promise((resolve) => child.once('exit', resolve));
  return { code, stderr, took: performance.now() - start };
}

describe.skipIf(!available)('D20: close()', () => {
  let etcd: EtcdServer;
  let proxy: TcpProxy;
  beforeAll(async () => {
    etcd = await startEtcd();
    proxy = await startTcpProxy({ target: etcd.endpoint });
  });
  afterAll(async () => {
    await proxy?.close();
    await etcd?.stop();
  });

  it.each([0, 5, 20, 50, 100, 300])(
    'D20: ends a process %i ms after it began to list, watch and register',
    async (afterMs) => {
      expect(await closes(etcd.endpoint, afterMs)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it.each([5, 700])(
    'D20: ends a process whose etcd refuses it, after %i ms of trying',
    async (afterMs) => {
      expect(await closes('127.0.0.1:1', afterMs)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it.each([50, 1_500])(
    'D20: ends a process whose etcd is silent, after %i ms of trying',
    async (afterMs) => {
      proxy.blackHole();
      const { code, stderr, took } = await closes(proxy.endpoint, afterMs);
      await proxy.heal();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      // The process needs time to start, too.
      expect(took - afterMs).toBeLessThan(bound(2_000) + 3_000);
    },
  );

  it('leaves nothing usable, and says so', async () => {
    const client = createEtcdClient({ hosts: etcd.endpoint });
    const source = createEtcdEndpointSource({ client, service: 's' });
    const key = watchKey({ client, key: 'k' });
    source.subscribe(() => expect.unreachable('closed'));
    await client.close();
    expect(() => source.subscribe(() => {})).toThrow('the etcd client has been closed');
    expect(() => key.subscribe(() => {})).toThrow('the etcd client has been closed');
    await expect(client.get('k')).rejects.toMatchObject({ reason: 'closed' });
    await expect(registerEndpoint({ client, service: 's', address: 'a:1' })).rejects.toMatchObject({
      reason: 'closed',
    });
  });

  it('of a registration is safe while etcd is being asked for the lease', async () => {
    const client = createEtcdClient({ hosts: etcd.endpoint });
    const abort = new AbortController();
    const registering = registerEndpoint({
      client,
      service: 's',
      address: 'a:1',
      signal: abort.signal,
    });
    abort.abort(new Error('enough'));
    await expect(registering).rejects.toThrow('enough');
    await client.close();
    expect(await etcd.api.list('s/')).toEqual([]);
    expect(await etcd.api.leases()).toEqual([]);
  });
});
