import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type BalancerMessage, channelOptions, getBalancers, register } from '@wrr/grpc-js';
import {
  type GrpcCluster,
  type Load,
  type LoadReport,
  startLoad,
  waitFor as wait,
} from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { callUnary, clientOf, cluster, connected, failure, status } from '../clients.ts';

register();

const RATE = 500;
/**
 * Far more than are in flight on a machine that keeps up. On one that does not, the calls that a dead
 * server takes with it must not outnumber what the retry budget pays for.
 */
const LIMIT = { maxInFlight: 60 };
/** What a busy machine may add to a wait, in milliseconds. */
const MARGIN = 1_000;

/** Three servers, a client with failover, and 500 idempotent calls a second. */
async function underLoad(perAttemptTimeoutMs = 5_000): Promise<[GrpcCluster, Load]> {
  const servers = await cluster(1, 1, 1);
  // More attempts than servers: on a busy machine an attempt at a healthy one may time out, too.
  const failover = { idempotent: true, perAttemptTimeoutMs, maxAttempts: 6 };
  const client = clientOf(`wrr:///${servers.weighted}`, channelOptions({ failover }));
  await connected(client, 3);
  const load = startLoad(
    RATE,
    () => callUnary(client, {}, { deadline: Date.now() + 30_000 }),
    LIMIT,
  );
  await waitFor(() => load.finished > RATE / 2);
  return [servers, load];
}

function waitFor<T>(condition: () => T | Promise<T>) {
  return wait(condition, { timeoutMs: 50_000 });
}

function statusOf(key: string | undefined) {
  const all = getBalancers().flatMap(({ endpoints }) => endpoints);
  return all.find((endpoint) => endpoint.key === key);
}

function expectNoneFailed(report: LoadReport): void {
  expect(report.failed.map(({ error }) => String(error))).toEqual([]);
  expect(report.samples.length).toBeGreaterThan(RATE / 2);
}

describe('under 500 idempotent calls a second', () => {
  it('SIGKILL of 1 of 3 fails no call', async () => {
    const [{ servers }, load] = await underLoad();
    await servers[0]?.kill();
    const at = load.finished;
    await waitFor(() => load.finished > at + RATE);
    expectNoneFailed(await load.stop());
  });

  it('SIGSTOP of 1 of 3 fails no call, and once it is ejected it gets none but probes', async () => {
    const [{ servers }, load] = await underLoad(200);
    const frozen = servers[0]?.address;
    const changes: BalancerMessage[] = [];
    const listen = (message: unknown): unknown => changes.push(message as BalancerMessage);
    subscribe('wrr:breaker', listen);
    servers[0]?.freeze();
    await waitFor(() => statusOf(frozen)?.ejected === true);
    const before = statusOf(frozen)?.picks ?? 0;
    changes.length = 0;
    const ejectedAt = load.now();
    await waitFor(() => load.now() > ejectedAt + 2_000);
    const picks = (statusOf(frozen)?.picks ?? 0) - before;
    unsubscribe('wrr:breaker', listen);
    // One for each time that its breaker let one through. On a machine so busy that healthy servers time
    // out, too, the cap on ejections may keep it in rotation with a hundredth of its weight. What a
    // frozen server does to latencies is measured where the machine is quiet: `bench rpc`.
    const own = changes.filter((change) => 'key' in change && change.key === frozen);
    const probes = own.filter((change) => change.type === 'breaker' && change.to === 'half-open');
    const isBusy = changes.length > own.length;
    expect(picks).toBeLessThanOrEqual(probes.length + (isBusy ? 10 : 0));
    expectNoneFailed(await load.stop());
  });

  it.each([
    ['tryShutdown', false],
    ['forceShutdown', true],
  ])('%s of 1 of 3 fails no call', async (_, force) => {
    const [{ servers }, load] = await underLoad();
    await servers[0]?.shutdown({ force });
    const at = load.finished;
    await waitFor(() => load.finished > at + RATE);
    expectNoneFailed(await load.stop());
  });

  it('a restart of all three, one after the other, fails no call', async () => {
    const [{ servers }, load] = await underLoad();
    for (const server of servers) {
      await server.shutdown();
      await server.restart();
      await waitFor(() => statusOf(server.address)?.available === true);
      const at = load.finished;
      await waitFor(() => load.finished > at + 100);
    }
    expectNoneFailed(await load.stop());
  });
});

describe('when all endpoints are dead', () => {
  it('calls fail in time with a clear status, and recover within 2 s of the first one’s return', async () => {
    const { servers, weighted } = await cluster(1, 1, 1);
    const failover = { idempotent: true, perAttemptTimeoutMs: 500 };
    const client = clientOf(`wrr:///${weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    for (const server of servers) await server.kill();
    for (let call = 0; call < 20; call++) {
      const started = performance.now();
      const error = await failure(callUnary(client, {}, { deadline: Date.now() + 2_000 }));
      expect([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]).toContain(error.code);
      expect(performance.now() - started).toBeLessThan(2_000 + MARGIN);
    }
    await waitFor(async () =>
      /no endpoint can be reached/.test((await failure(callUnary(client))).details),
    );
    // Give the reconnect backoff time to grow to its longest: the hardest moment to return at.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await servers[1]?.restart();
    const returned = performance.now();
    await waitFor(() => callUnary(client));
    expect(performance.now() - returned).toBeLessThan(2_000 + MARGIN);
  });

  it('servers that fail every call see at most 1.2 attempts a call, and the reserve', async () => {
    const all = await cluster(1, 1, 1);
    for (const server of all.servers) await server.behave({ failWith: status.UNAVAILABLE });
    const failover = { idempotent: true, maxAttempts: 5, budget: { reservePerSecond: 1 } };
    const client = clientOf(`wrr:///${all.weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    const started = performance.now();
    const load = startLoad(RATE, () => callUnary(client), LIMIT);
    await waitFor(() => load.finished > 4 * RATE);
    const { samples, failed } = await load.stop();
    expect(failed.length).toBe(samples.length);
    // The budget holds in every window of 10 s: 20 % of its calls, and 1 a second.
    const windows = Math.ceil((performance.now() - started) / 10_000) + 1;
    const attempts = await all.total('calls');
    expect(attempts).toBeGreaterThan(1.02 * samples.length);
    expect(attempts).toBeLessThanOrEqual(1.2 * samples.length + 10 * windows);
  });
});
