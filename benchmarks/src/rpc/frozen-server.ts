import { channelOptions, getBalancers } from '@wrr/grpc-js';
import { callUnary, startGrpcCluster, startLoad, waitFor } from '@wrr/test-support';
import { median, quantile } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { connect, spread } from './clients.ts';

const RATE = 500;

/** 500 calls a second; one of three servers is frozen (SIGSTOP): failures, and latency around it. */
export async function frozenServerRows({ quick, progress }: Context): Promise<Row[]> {
  const rounds = quick ? 1 : 5;
  const until: number[] = [];
  const after: number[] = [];
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    progress(`one of three servers frozen, round ${round + 1} of ${rounds}`);
    const cluster = await startGrpcCluster([1, 1, 1]);
    const failover = { idempotent: true, perAttemptTimeoutMs: 200 };
    const client = await connect(`wrr:///${cluster.weighted}`, channelOptions({ failover }));
    await spread(client, cluster);
    const load = startLoad(RATE, () => callUnary(client, {}, { deadline: Date.now() + 5_000 }));
    await waitFor(() => load.now() > 1_000);
    const frozenAt = load.now();
    cluster.servers[0]?.freeze();
    await waitFor(() => getBalancers()[0]?.endpoints.some(({ ejected }) => ejected));
    const ejectedAt = load.now();
    await waitFor(() => load.now() > ejectedAt + 3_000);
    const report = await load.stop();
    failed += report.failed.length;
    until.push(report.quantile(0.99, frozenAt, ejectedAt));
    after.push(report.quantile(0.99, ejectedAt));
    client.close();
    await cluster.close();
  }
  const base = { suite: 'rpc', peers: {}, ratio: {}, rounds };
  const name = `${RATE} calls/s, 1 of 3 servers frozen, 200 ms an attempt`;
  return [
    {
      ...base,
      case: `${name}: failed calls`,
      unit: 'calls',
      ours: failed,
      goal: { text: '0', met: failed === 0 },
    },
    latencyRow(`${name}: p99 until it is ejected`, until, 450),
    latencyRow(`${name}: p99 from then on`, after, 50),
  ];

  function latencyRow(what: string, values: readonly number[], limit: number): Row {
    const ours = median(values);
    return {
      ...base,
      case: what,
      unit: 'ms',
      ours,
      spread: { ours: [quantile(values, 0.25), quantile(values, 0.75)] },
      goal: { text: `< ${limit} ms`, met: ours < limit },
    };
  }
}
