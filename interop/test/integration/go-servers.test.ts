import { type EtcdServer, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { etcdVersionsForTests } from '../../src/etcd-versions.ts';
import { type GoProcess, startGo } from '../../src/go-process.ts';
import { goForTests } from '../../src/go-toolchain.ts';
import { type NodeClient, startNodeClient } from '../../src/node-client.ts';
import { servedBy, settledShares } from '../support.ts';

const versions = await etcdVersionsForTests();
const go = await goForTests('wrr-go-3.5', 'wrr-go-3.6');
const clients = go === undefined ? [] : Object.entries(go);
const TTL_SECONDS = 2;

describe.skipIf(go === undefined || versions[0]?.binary === '').each(versions)(
  'on $name',
  ({ binary: etcdBinary }) => {
    let etcd: EtcdServer;
    beforeAll(async () => {
      etcd = await startEtcd({ binary: etcdBinary });
    }, 60_000);
    afterAll(() => etcd.stop());

    describe.each(clients)('a grpc-js client of Go servers registered by %s', (name, binary) => {
      const service = `service/${name}`;
      const servers = new Map<string, GoProcess>();
      let client: NodeClient;

      const start = async (server: string, weight: number): Promise<GoProcess> => {
        const flags = { name: server, weight, ttl: TTL_SECONDS };
        const options = { binary, role: 'serve', etcd: etcd.endpoint, service, flags } as const;
        const goProcess = await startGo(options);
        servers.set(server, goProcess);
        return goProcess;
      };
      const tell = (server: string, what: string, fields?: object): Promise<unknown> =>
        servers.get(server)?.ask(what, { ...fields }) ?? Promise.reject(new Error(server));

      beforeAll(async () => {
        await Promise.all([start('a', 5), start('b', 3), start('c', 1)]);
        client = startNodeClient(etcd.endpoint, service);
      }, 60_000);
      afterAll(async () => {
        await client.close();
        await Promise.all([...servers.values()].map((server) => server.close()));
      });
      afterEach(async () => {
        // Each test leaves three registered servers with weights 5, 3, 1 behind.
        expect(await etcd.api.list(`${service}/`)).toHaveLength(3);
      });

      it('spreads calls by the weights in their metadata', async () => {
        await settledShares(client, 900, { a: 500, b: 300, c: 100 });
      });

      it('follows a weight that a Go server changes', async () => {
        await tell('c', 'weight', { weight: 10 });
        await settledShares(client, 180, { a: 50, b: 30, c: 100 });
        await tell('c', 'weight', { weight: 1 });
        await settledShares(client, 900, { a: 500, b: 300, c: 100 });
      });

      it('leaves a Go server that deregisters, without a failed call', async () => {
        const stop = client.load(300);
        await tell('b', 'deregister');
        await servedBy(client, ['a', 'c']);
        const { errors } = await stop();
        expect(errors).toEqual({});
        await settledShares(client, 120, { a: 100, c: 20 });
        await tell('b', 'weight', { weight: 3 }); // registers again
        await settledShares(client, 900, { a: 500, b: 300, c: 100 });
      });

      it('loses no call when a Go server is killed, and forgets it when its lease ends', async () => {
        const stop = client.load(300);
        await servedBy(client, ['a', 'b', 'c']);
        await servers.get('a')?.close();
        await servedBy(client, ['b', 'c']);
        await waitFor(async () => (await etcd.api.list(`${service}/`)).length === 2, {
          timeoutMs: (TTL_SECONDS + 5) * 1_000,
        });
        await start('a', 5);
        await servedBy(client, ['a', 'b', 'c']);
        const { errors } = await stop();
        expect(errors).toEqual({});
        await settledShares(client, 900, { a: 500, b: 300, c: 100 });
      });
    });
  },
);
