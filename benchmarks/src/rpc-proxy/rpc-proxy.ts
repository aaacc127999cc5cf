import type { Client } from '@grpc/grpc-js';
import { callUnary, startGrpcCluster } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { connect, everythingOn, spread } from '../rpc/clients.ts';
import { drawLatencies, latencyRows } from '../rpc/latency-picture.ts';
import { type Comparison, compareCalls, row } from '../rpc/throughput.ts';
import type { Row, Suite } from '../suite.ts';
import { findProxy, haproxy, nginx } from './find-proxy.ts';
import { type RunningProxy, startHaproxy, startNginx } from './start-proxy.ts';

const ROUNDS = 21;
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
      const calls = mapValues(clients, (client) => () => callUnary(client));
      return rowsOf(await compareCalls(calls, context, ROUNDS));
    } finally {
      for (const client of Object.values(clients)) client.close();
      for (const proxy of proxies) await proxy.close();
      await cluster.close();
    }
  },
  draw: drawLatencies,
};

function rowsOf({ turns, latencies }: Comparison): readonly Row[] {
  const title = 'unary calls, 32 callers, 3 servers';
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
