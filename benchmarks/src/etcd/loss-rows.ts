import { encodeEndpoint } from '@wrr/etcd';
import {
  type EtcdServer,
  sleep,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wrr/test-support';
import type { Context, Row } from '../suite.ts';
import { etcd3, ours, type Watching } from './watchers.ts';

/** What befalls the connection of both watchers alike. Resolves when it is over and healed. */
interface Trouble {
  readonly name: string;
  happen(trouble: {
    server: EtcdServer;
    proxies: readonly TcpProxy[];
    service: string;
  }): Promise<void>;
}

/**
 * How many keys each watcher has wrong in the end, both watching the same keys through proxies that do
 * the same to both. Missing, stale and ghost keys all count. Both get more time to come to rest than
 * etcd3's longest wait between two connections (30 s), in a quick run less.
 *
 * What is counted is no time: so all troubles happen side by side, each at an etcd of its own.
 */
export async function lossRows({ quick, progress }: Context): Promise<Row[]> {
  const all = troubles(quick);
  progress(`loss of events: ${all.map(({ name }) => name).join('; ')}`);
  return Promise.all(all.map((trouble) => lossRow(trouble, quick ? 5_000 : 35_000)));
}

async function lossRow(trouble: Trouble, patienceMs: number): Promise<Row> {
  const server = await startEtcd();
  try {
    return await lossAt(server, trouble, patienceMs);
  } finally {
    await server.stop();
  }
}

async function lossAt(server: EtcdServer, trouble: Trouble, patienceMs: number): Promise<Row> {
  const service = 'loss';
  await writes(server, service, 200);
  const proxies = [
    await startTcpProxy({ target: server.endpoint }),
    await startTcpProxy({ target: server.endpoint }),
  ] as const;
  const watching = [
    await ours.watch(proxies[0].endpoint, service, () => {}),
    await etcd3.watch(proxies[1].endpoint, service, () => {}),
  ] as const;
  await trouble.happen({ server, proxies, service });
  await Promise.all(proxies.map((proxy) => proxy.heal()));
  const [own, peer] = await settled(server, service, watching, patienceMs);
  await Promise.all(watching.map((each) => Promise.race([each.close(), sleep(2_000)])));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  return {
    suite: 'etcd',
    case: `wrong keys after ${trouble.name}`,
    unit: 'keys',
    ours: own,
    peers: { 'etcd3 1.1.2': peer },
    ratio: {},
    rounds: 1,
    goal: { text: '0', met: own === 0 },
  };
}

/** Waits until both views are right, at most so long, and returns how many keys are still wrong. */
async function settled(
  server: EtcdServer,
  service: string,
  watching: readonly [Watching, Watching],
  timeoutMs: number,
): Promise<[number, number]> {
  const kvs = await server.api.list(`${service}/`);
  const truth = new Map(kvs.map(({ key, value }) => [key.slice(service.length + 1), value]));
  const wrong = ({ view }: Watching): number => {
    const addresses = new Set([...truth.keys(), ...view.keys()]);
    return [...addresses].filter((address) => {
      const weight = view.get(address);
      const value = weight === undefined ? undefined : encodeEndpoint(address, weight);
      return value !== truth.get(address);
    }).length;
  };
  const [own, peer] = watching;
  await waitFor(() => wrong(own) === 0 && wrong(peer) === 0, { timeoutMs, intervalMs: 50 }).catch(
    () => {},
  );
  return [wrong(own), wrong(peer)];
}

function troubles(quick: boolean): Trouble[] {
  return [
    {
      name: `${quick ? 5 : 30} s on a link that breaks every 60 to 180 ms`,
      async happen({ server, proxies, service }) {
        const calm = new AbortController();
        const flapping = flap(proxies, calm.signal);
        const end = performance.now() + (quick ? 5_000 : 30_000);
        while (performance.now() < end) await writes(server, service, 100);
        calm.abort();
        await flapping;
      },
    },
    {
      name: 'an outage with 3,000 writes, and cuts while they are caught up with',
      async happen({ server, proxies, service }) {
        for (const proxy of proxies) {
          proxy.cutAfter(0);
          proxy.cut();
        }
        await writes(server, service, 3_000);
        for (let bytes = 200; bytes < 200_000; bytes *= 3) {
          for (const proxy of proxies) proxy.cutAfter(bytes);
          await sleep(500);
        }
      },
    },
    {
      name: 'an outage with a backlog of 6 MB',
      async happen({ server, proxies, service }) {
        await Promise.all(proxies.map((proxy) => proxy.refuse()));
        const pad = 'x'.repeat(100_000);
        for (let index = 0; index < 60; index++) {
          await server.api.put(`${service}/pad${index}`, JSON.stringify({ Addr: 'pad', pad }));
        }
        for (let index = 0; index < 60; index++) await server.api.delete(`${service}/pad${index}`);
        await writes(server, service, 200);
      },
    },
    {
      name: 'an outage with a compaction',
      async happen({ server, proxies, service }) {
        await Promise.all(proxies.map((proxy) => proxy.refuse()));
        await writes(server, service, 300);
        await server.api.compact(await server.api.revision());
      },
    },
  ];
}

async function flap(proxies: readonly TcpProxy[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(60 + 120 * Math.random());
    for (const proxy of proxies) proxy.cut();
  }
}

/** So many random changes, each a revision of its own. */
async function writes(server: EtcdServer, service: string, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const address = `h${Math.floor(Math.random() * 4_000)}:1`;
      const key = `${service}/${address}`;
      if (Math.random() < 0.3) await server.api.delete(key);
      else await server.api.put(key, encodeEndpoint(address, Math.floor(Math.random() * 1_000)));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
