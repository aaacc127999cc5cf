import type { Client } from '@grpc/grpc-js';
import { callUnary, startGrpcCluster } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { connect, everythingOn, spread } from '../rpc/clients.ts';
import { LatencyHistogram } from '../rpc/latency-histogram.ts';
import { drawLatencies, latencyRows } from '../rpc/latency-picture.ts';
import { type Comparison, row, type Turn } from '../rpc/throughput.ts';
import { quantile, seededRandom, shuffled } from '../statistics.ts';
import type { Context, Row, Suite } from '../suite.ts';
import { findProxy, haproxy, nginx } from './find-proxy.ts';
import { type RunningProxy, startHaproxy, startNginx } from './start-proxy.ts';

const CALLERS = 32;
const kinds = [
  [nginx, startNginx],
  [haproxy, startHaproxy],
] as const;

/** What people use instead of a balancer in the client: a proxy in front of the servers. */
export const rpcProxy: Suite = {
  name: 'proxy',
  title: 'grpc-js with everything on, beside a bare client and a proxy in front of the servers',
  async run(context) {
    const cluster = await startGrpcCluster([1, 1, 1]);
    const proxies: RunningProxy[] = [];
    const clients: Record<string, Client> = {};
    try {
      clients['ours'] = await connect(`wrr:///${cluster.weighted}`, everythingOn());
      for (const [program, start] of kinds) {
        const found = await findProxy(program, context.progress);
        if (found === undefined) {
          context.progress(`${program.name} is not measured: there is none`);
          continue;
        }
        const proxy = await start(found, cluster.servers);
        proxies.push(proxy);
        const name = /[\d.]+\d/.exec(found.version)?.[0] ?? '';
        clients[`${program.name} ${name}`] = await connect(`ipv4:${proxy.address}`, {});
      }
      for (const client of Object.values(clients)) await spread(client, cluster);
      return rowsOf(await compare(clients, context));
    } finally {
      for (const client of Object.values(clients)) client.close();
      for (const proxy of proxies) await proxy.close();
      await cluster.close();
    }
  },
  draw: drawLatencies,
};

function rowsOf({ turns, latencies }: Comparison): readonly Row[] {
  const title = `unary calls, ${CALLERS} callers, 3 servers`;
  const rows = [
    row(`${title}: throughput`, 'calls/s', turns, ({ rate }) => rate, { moreIsBetter: true }),
    row(`${title}: p99`, 'ms', turns, ({ p99 }) => p99, { moreIsBetter: false }),
    row(`${title}: client CPU`, 'µs/call', turns, ({ cpu }) => cpu, { moreIsBetter: false }),
  ];
  return [
    ...rows.map((one) => ({ ...one, suite: rpcProxy.name })),
    ...latencyRows(rpcProxy.name, 'beside a proxy', latencies, turns['ours']?.length ?? 0),
  ];
}

/** Lets 32 callers make calls for half a second at a time, the contenders in turns of random order. */
async function compare(
  clients: Readonly<Record<string, Client>>,
  { quick, progress }: Context,
): Promise<Comparison> {
  const rounds = quick ? 5 : 21;
  const turnMs = quick ? 150 : 500;
  const random = seededRandom(20_261_122);
  const turns = mapValues(clients, (): Turn[] => []);
  const latencies = mapValues(clients, () => new LatencyHistogram());
  for (const client of Object.values(clients)) await turn(client, 3 * turnMs);
  for (let round = 0; round < rounds; round++) {
    progress(`unary calls, round ${round + 1} of ${rounds}`);
    for (const [name, client] of shuffled(Object.entries(clients), random)) {
      turns[name]?.push(await turn(client, turnMs, latencies[name]));
    }
  }
  return { turns, latencies };
}

async function turn(client: Client, ms: number, all?: LatencyHistogram): Promise<Turn> {
  const latencies: number[] = [];
  const began = performance.now();
  const before = process.cpuUsage();
  const caller = async (): Promise<void> => {
    for (let now = began; now < began + ms; ) {
      const start = now;
      await callUnary(client);
      now = performance.now();
      latencies.push(now - start);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(before);
  // Only now: counting takes processor time.
  for (const latency of latencies) all?.add(latency);
  return {
    rate: latencies.length / seconds,
    p99: quantile(latencies, 0.99),
    cpu: (user + system) / latencies.length,
  };
}
