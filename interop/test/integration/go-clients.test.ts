import { type EtcdServer, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdVersionsForTests } from '../../src/etcd-versions.ts';
import { type GoProcess, startGo } from '../../src/go-process.ts';
import { goForTests } from '../../src/go-toolchain.ts';
import { type NodeServer, startNodeServer } from '../../src/node-server.ts';
import { serviceConfig } from '../../src/service-config.ts';
import { caller, expectOnlyBegunAnswersLost, loadOf, servedBy, settledShares } from '../support.ts';

const versions = await etcdVersionsForTests();
const go = await goForTests('wrr-go-3.5', 'wrr-go-3.6');
const TTL_SECONDS = 2;
const service = 'service/user';
const roundRobin = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

/**
 * `stock` is etcd's own naming/resolver. Since 3.5.27 and 3.6.8 it passes no metadata on; a Go system that
 * wants weights then watches by itself (`watch`).
 */
const clients = [
  { client: 'wrr-go-3.5', resolver: 'stock', liveWeights: false },
  { client: 'wrr-go-3.5', resolver: 'watch', liveWeights: true },
  { client: 'wrr-go-3.6', resolver: 'watch', liveWeights: true },
] as const;

describe.skipIf(go === undefined || versions[0]?.binary === '').each(versions)(
  'on $name',
  ({ binary: etcdBinary }) => {
    let etcd: EtcdServer;
    const servers = new Map<string, NodeServer>();
    const opened: GoProcess[] = [];

    const start = async (name: string, weight: number): Promise<void> => {
      const settings = { name, weight, service, etcd: etcd.endpoint, ttlSeconds: TTL_SECONDS };
      servers.set(name, await startNodeServer(settings));
    };
    const connect = async (
      client: 'wrr-go-3.5' | 'wrr-go-3.6',
      resolver: string,
      config = serviceConfig,
    ): Promise<GoProcess> => {
      const options = { binary: go?.[client] ?? '', role: 'call', etcd: etcd.endpoint } as const;
      const goProcess = await startGo({ ...options, service, flags: { resolver, config } });
      opened.push(goProcess);
      return goProcess;
    };

    beforeAll(async () => {
      etcd = await startEtcd({ binary: etcdBinary });
      await Promise.all([start('a', 5), start('b', 3), start('c', 1)]);
    }, 60_000);
    afterAll(async () => {
      await Promise.all([...opened, ...servers.values()].map((each) => each.close()));
      await etcd.stop();
    });

    describe.each(clients)('$client with its $resolver resolver, of Node servers', (kind) => {
      let client: GoProcess;
      beforeAll(async () => {
        client = await connect(kind.client, kind.resolver);
      }, 60_000);

      it('spreads calls by the weights that registerEndpoint writes', async () => {
        await settledShares(caller(client), 900, { a: 500, b: 300, c: 100 });
      });

      if (kind.liveWeights) {
        it('follows setWeight', async () => {
          await servers.get('c')?.tell('weight', 10);
          await settledShares(caller(client), 180, { a: 50, b: 30, c: 100 });
          await servers.get('c')?.tell('weight', 1);
          await settledShares(caller(client), 900, { a: 500, b: 300, c: 100 });
        });
      } else {
        // Not ours: grpc-go's balancer/base keeps the first address it saw, with the first metadata.
        it('follows setWeight with new connections only', async () => {
          await settledShares(caller(client), 900, { a: 500, b: 300, c: 100 });
          await servers.get('c')?.tell('weight', 10);
          const fresh = await connect(kind.client, kind.resolver);
          await settledShares(caller(fresh), 180, { a: 50, b: 30, c: 100 });
          await settledShares(caller(client), 900, { a: 500, b: 300, c: 100 });
          await servers.get('c')?.tell('weight', 1);
        });
      }

      it('loses no call when a Node server deregisters, shuts down and starts again', async () => {
        const stop = await loadOf(client, 300);
        await servedBy(caller(client), ['a', 'b', 'c']);
        await servers.get('b')?.tell('shutdown');
        await servedBy(caller(client), ['a', 'c']);
        expect(await etcd.api.list(`${service}/`)).toHaveLength(2);
        await start('b', 3);
        await servedBy(caller(client), ['a', 'b', 'c']);
        expect((await stop()).errors).toEqual({});
      });

      it('loses at most a begun answer when a Node server is killed, and sees its lease end', async () => {
        const stop = await loadOf(client, 300);
        await servers.get('a')?.close();
        await servedBy(caller(client), ['b', 'c']);
        await waitFor(async () => (await etcd.api.list(`${service}/`)).length === 2, {
          timeoutMs: (TTL_SECONDS + 5) * 1_000,
        });
        await start('a', 5);
        await servedBy(caller(client), ['a', 'b', 'c']);
        expectOnlyBegunAnswersLost(await stop());
        await settledShares(caller(client), 900, { a: 500, b: 300, c: 100 });
      });
    });

    describe('wrr-go-3.6 with its stock resolver, of Node servers', () => {
      it('sees every server, and no weights', async () => {
        const client = await connect('wrr-go-3.6', 'stock', roundRobin);
        await settledShares(caller(client), 300, { a: 100, b: 100, c: 100 });
      });

      // Not ours: that resolver fills State.Endpoints only, and balancer/base reads State.Addresses.
      it('cannot feed a balancer on balancer/base at all', async () => {
        const client = await connect('wrr-go-3.6', 'stock');
        const { errors } = await caller(client).calls(1);
        expect(Object.keys(errors).join()).toMatch(/produced zero addresses/);
      });
    });
  },
);
