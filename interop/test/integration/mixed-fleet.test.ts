import { type EtcdServer, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdVersionsForTests } from '../../src/etcd-versions.ts';
import { type GoProcess, startGo } from '../../src/go-process.ts';
import { goForTests } from '../../src/go-toolchain.ts';
import { type NodeClient, startNodeClient } from '../../src/node-client.ts';
import { type NodeServer, startNodeServer } from '../../src/node-server.ts';
import { serviceConfig } from '../../src/service-config.ts';
import {
  type Caller,
  caller,
  expectOnlyBegunAnswersLost,
  loadOf,
  servedBy,
  settledShares,
} from '../support.ts';

const versions = await etcdVersionsForTests();
const go = await goForTests('wrr-go-3.5', 'wrr-go-3.6');
const TTL_SECONDS = 2;
const service = 'service/user';

describe.skipIf(go === undefined || versions[0]?.binary === '').each(versions)(
  'on $name',
  ({ binary: etcdBinary }) => {
    let etcd: EtcdServer;
    let nodeClient: NodeClient;
    let goClient: GoProcess;
    let goServer35: GoProcess;
    let goServer36: GoProcess;
    let nodeServer: NodeServer;
    let otherNodeServer: NodeServer;

    const startGoServer = (binary: string, name: string, weight: number): Promise<GoProcess> => {
      const flags = { name, weight, ttl: TTL_SECONDS };
      return startGo({ binary, role: 'serve', etcd: etcd.endpoint, service, flags });
    };
    const both = async (check: (client: Caller) => Promise<void>): Promise<void> => {
      await Promise.all([check(nodeClient), check(caller(goClient))]);
    };

    beforeAll(async () => {
      etcd = await startEtcd({ binary: etcdBinary });
      const common = { service, etcd: etcd.endpoint, ttlSeconds: TTL_SECONDS };
      [goServer35, goServer36, nodeServer, otherNodeServer] = await Promise.all([
        startGoServer(go?.['wrr-go-3.5'] ?? '', 'go35', 4),
        startGoServer(go?.['wrr-go-3.6'] ?? '', 'go36', 3),
        startNodeServer({ ...common, name: 'node1', weight: 2 }),
        startNodeServer({ ...common, name: 'node2', weight: 1 }),
      ]);
      nodeClient = startNodeClient(etcd.endpoint, service);
      const options = {
        binary: go?.['wrr-go-3.6'] ?? '',
        role: 'call',
        etcd: etcd.endpoint,
      } as const;
      const flags = { resolver: 'watch', config: serviceConfig };
      goClient = await startGo({ ...options, service, flags });
    }, 60_000);
    afterAll(async () => {
      await nodeClient.close();
      const rest = [goClient, goServer35, goServer36, nodeServer, otherNodeServer];
      await Promise.all(rest.map((each) => each.close()));
      await etcd.stop();
    });

    describe('a fleet of Go and Node servers under one prefix', () => {
      it('is seen alike, with its weights, by a Go and a Node client', async () => {
        const wanted = { go35: 400, go36: 300, node1: 200, node2: 100 };
        await both((client) => settledShares(client, 1_000, wanted));
      });

      it('can be reweighted by either side', async () => {
        await goServer36.ask('weight', { weight: 1 });
        await nodeServer.tell('weight', 6);
        await both((client) =>
          settledShares(client, 120, { go35: 40, go36: 10, node1: 60, node2: 10 }),
        );
      });

      it('can drain a server to weight 0, without a failed call', async () => {
        const stop = [nodeClient.load(150), await loadOf(goClient, 150)];
        await goServer36.ask('weight', { weight: 0 });
        await otherNodeServer.tell('weight', 0);
        await both((client) => servedBy(client, ['go35', 'node1']));
        await goServer36.ask('weight', { weight: 1 });
        await otherNodeServer.tell('weight', 1);
        await both((client) => servedBy(client, ['go35', 'go36', 'node1', 'node2']));
        for (const end of stop) expect((await end()).errors).toEqual({});
      });

      it('loses one server of each kind to SIGKILL, without a failed call of the Node client', async () => {
        const [endNode, endGo] = [nodeClient.load(150), await loadOf(goClient, 150)];
        await Promise.all([goServer35.close(), otherNodeServer.close()]);
        await both((client) => servedBy(client, ['go36', 'node1']));
        await waitFor(async () => (await etcd.api.list(`${service}/`)).length === 2, {
          timeoutMs: (TTL_SECONDS + 5) * 1_000,
        });
        await both((client) => servedBy(client, ['go36', 'node1']));
        expect((await endNode()).errors).toEqual({});
        expectOnlyBegunAnswersLost(await endGo());
      });

      it('is left in order by a Go and a Node server, down to nobody', async () => {
        await goServer36.ask('shutdown').catch(() => {}); // the answer may lose the race with its end
        await both((client) => servedBy(client, ['node1']));
        await nodeServer.tell('shutdown');
        expect(await etcd.api.list(`${service}/`)).toEqual([]);
        const { errors } = await nodeClient.calls(1);
        expect(Object.keys(errors).join()).toMatch(/UNAVAILABLE/);
      });
    });
  },
);
