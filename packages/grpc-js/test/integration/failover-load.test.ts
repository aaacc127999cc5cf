import { channelOptions, getBalancers, register } from '@wrr/grpc-js';
import {
  type GrpcCluster,
  type Load,
  type LoadReport,
  startLoad,
  waitFor,
} from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { callUnary, clientOf, cluster, connected, failure, status } from '../clients.ts';

register();

const RATE = 500;

/** Three servers, a client with failover, and 500 idempotent calls a second. */
async function underLoad(perAttemptTimeoutMs = 1_000): Promise<[GrpcCluster, Load]> {
  const servers = await cluster(1, 1, 1);
  const failover = { idempotent: true, perAttemptTimeoutMs };
  const client = clientOf(`wrr:///${servers.weighted}`, channelOptions({ failover }));
  await connected(client, 3);
  const load = startLoad(RATE, () => callUnary(client, {}, { deadline: Date.now() + 10_000 }));
  await waitFor(() => load.finished > RATE / 2);
  return [servers, load];
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

  it('SIGSTOP of 1 of 3 fails no call, and slows none once it is ejected', async () => {
    const [{ servers }, load] = await underLoad(200);
    const frozenAt = load.now();
    servers[0]?.freeze();
    await waitFor(() => statusOf(servers[0]?.address)?.ejected === true);
    const ejectedAt = load.now();
    await waitFor(() => load.now() > ejectedAt + 2_000);
    const report = await load.stop();
    expectNoneFailed(report);
    expect(report.quantile(0.99, frozenAt, ejectedAt)).toBeLessThan(450);
    // A probe of the frozen endpoint costs one call its attempt's timeout now and then.
    expect(report.quantile(0.99, ejectedAt + 300)).toBeLessThan(50);
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
      expect(performance.now() - started).toBeLessThan(2_500);
    }
    await waitFor(async () =>
      /no endpoint can be reached/.test((await failure(callUnary(client))).details),
    );
    // Give the reconnect backoff time to grow to its longest: the hardest moment to return at.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await servers[1]?.restart();
    const returned = performance.now();
    await waitFor(() => callUnary(client));
    expect(performance.now() - returned).toBeLessThan(2_000);
  });

  it('servers that fail every call see at most 1.2 attempts a call, and the reserve', async () => {
    const all = await cluster(1, 1, 1);
    for (const server of all.servers) await server.behave({ failWith: status.UNAVAILABLE });
    const failover = { idempotent: true, maxAttempts: 5, budget: { reservePerSecond: 1 } };
    const client = clientOf(`wrr:///${all.weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    const started = performance.now();
    const load = startLoad(RATE, () => callUnary(client));
    await waitFor(() => load.finished > 4 * RATE);
    const { samples, failed } = await load.stop();
    expect(failed.length).toBe(samples.length);
    const seconds = (performance.now() - started) / 1_000;
    const attempts = await all.total('calls');
    expect(attempts).toBeGreaterThan(1.1 * samples.length);
    expect(attempts).toBeLessThanOrEqual(1.2 * samples.length + Math.max(10, seconds));
  });
});
