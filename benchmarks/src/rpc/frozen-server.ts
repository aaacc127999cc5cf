import { channelOptions, getBalancers } from '@wrr/grpc-js';
import { callUnary, startGrpcCluster, startLoad, waitFor } from '@wrr/test-support';
import { median, quantile } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { connect, roundRobin, spread } from './clients.ts';
import { type Frozen, timelineRows } from './frozen-timeline.ts';

const RATE = 500;

/** 500 calls a second; one of three servers is frozen (SIGSTOP): failures, and latency around it. */
export async function frozenServerRows({ quick, progress }: Context): Promise<Row[]> {
  const rounds = quick ? 1 : 5;
  const until: number[] = [];
  const after: number[] = [];
  const ours: Frozen[] = [];
  // What a call to the frozen server takes without failover. Quick runs wait less for the last of them.
  const limits = quick
    ? { deadlineMs: 1_000, watchedMs: 1_000 }
    : { deadlineMs: 2_000, watchedMs: 3_000 };
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    progress(`one of three servers frozen, round ${round + 1} of ${rounds}`);
    const cluster = await startGrpcCluster([1, 1, 1]);
    const failover = { idempotent: true, perAttemptTimeoutMs: 200 };
    const client = await connect(`wrr:///${cluster.weighted}`, channelOptions({ failover }));
    await spread(client, cluster);
    const load = startLoad(RATE, () =>
      callUnary(client, {}, { deadline: Date.now() + limits.deadlineMs }),
    );
    await waitFor(() => load.now() > 1_000);
    const frozenAt = load.now();
    cluster.servers[0]?.freeze();
    await waitFor(() => getBalancers()[0]?.endpoints.some(({ ejected }) => ejected));
    const ejectedAt = load.now();
    await waitFor(() => load.now() > ejectedAt + 3_000);
    const report = await load.stop();
    failed += report.failed.length;
    until.push(report.quantile(0.99, frozenAt, ejectedAt));
    ours.push({ frozenAt, samples: report.samples });
    after.push(report.quantile(0.99, ejectedAt));
    client.close();
    await cluster.close();
  }
  progress('one of three servers frozen, round_robin');
  const peer = await freezeUnderRoundRobin(limits);
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
    ...timelineRows({ ours, round_robin: [peer] }, limits),
  ];

  function latencyRow(what: string, values: readonly number[], limit: number): Row {
    const middle = median(values);
    return {
      ...base,
      case: what,
      unit: 'ms',
      ours: middle,
      spread: { ours: [quantile(values, 0.25), quantile(values, 0.75)] },
      goal: { text: `< ${limit} ms`, met: middle < limit },
    };
  }
}

/** The same with grpc-js's own round robin, which does not notice: only the deadline ends its calls. */
async function freezeUnderRoundRobin({
  deadlineMs,
  watchedMs,
}: {
  deadlineMs: number;
  watchedMs: number;
}): Promise<Frozen> {
  const cluster = await startGrpcCluster([1, 1, 1]);
  const client = await connect(`ipv4:${cluster.addresses}`, roundRobin);
  await spread(client, cluster);
  const load = startLoad(RATE, () => callUnary(client, {}, { deadline: Date.now() + deadlineMs }));
  await waitFor(() => load.now() > 1_000);
  const frozenAt = load.now();
  cluster.servers[0]?.freeze();
  await waitFor(() => load.now() > frozenAt + watchedMs);
  const { samples } = await load.stop();
  client.close();
  await cluster.close();
  return { frozenAt, samples };
}
