import { performance } from 'node:perf_hooks';
import { waitFor } from '@wrr/test-support';
import type { Promised } from './promises.ts';
import { mark } from './promises.ts';
import type { DemoServer } from './servers.ts';
import { type Stage, serversOf, statusOf } from './stage.ts';

/** One scene of the story. */
export interface Scene {
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

/** Calls that must have been made when a server is killed. */
const CALLS_UNDER_KILL = 5_000;

/** The story, in order. */
export const scenes: readonly Scene[] = [
  { title: 'steady: 900 calls over weights 5, 3 and 1', play: steady },
  { title: 'SIGKILL of the heaviest server under load', play: kill },
  { title: 'it comes back', play: comeBack },
  { title: "gamma's weight changes from 1 to 5, live", play: changeWeight },
  { title: 'beta is drained', play: drain },
  { title: 'gamma hangs (SIGSTOP)', play: hang },
];

async function steady(stage: Stage): Promise<void> {
  await connected(stage, serversOf(stage));
  await exactShares(stage, 'shares of a stable set are exact', 900);
}

async function kill(stage: Stage): Promise<void> {
  const { alpha, traffic, registry } = stage;
  const stop = traffic.start();
  await enough(stage, 500);
  const at = performance.now();
  await alpha.kill();
  stage.screen.say(`    alpha is dead; ${registry.kind} still lists it`);
  const bound = registry.ttlMs + 3_000;
  await waitFor(() => !lists(stage, alpha), {
    timeoutMs: bound + 5_000,
    what: 'its lease to expire',
  });
  const goneMs = performance.now() - at;
  await enough(stage, CALLS_UNDER_KILL);
  const { calls, failed, errors } = await stop();
  promise(
    stage,
    'no call fails when a server is killed',
    `${failed} of ${calls} failed${list(errors)}`,
    failed === 0,
  );
  promise(stage, `its entry expires within ${seconds(bound)}`, seconds(goneMs), goneMs <= bound);
}

async function comeBack(stage: Stage): Promise<void> {
  const { alpha, traffic } = stage;
  const stop = traffic.start();
  const at = performance.now();
  await alpha.start();
  await connected(stage, [alpha]);
  const backMs = performance.now() - at;
  const { calls, failed } = await stop();
  promise(
    stage,
    'a server that is back gets calls within 5 s',
    `${seconds(backMs)}, ${failed} of ${calls} failed`,
    backMs <= 5_000 && failed === 0,
  );
  traffic.reset();
  await exactShares(stage, 'and has exactly its share again', 900);
}

async function changeWeight(stage: Stage): Promise<void> {
  const { gamma, traffic } = stage;
  const stop = traffic.start();
  await enough(stage, 500);
  const at = performance.now();
  await gamma.setWeight(5);
  await waitFor(() => statusOf(stage, gamma)?.weight === 5, {
    timeoutMs: 5_000,
    what: 'the new weight',
  });
  const seenMs = performance.now() - at;
  const { calls, failed } = await stop();
  promise(
    stage,
    'a new weight is in force within 1 s',
    `${seenMs.toFixed(0)} ms, ${failed} of ${calls} failed`,
    seenMs <= 1_000 && failed === 0,
  );
  traffic.reset();
  await exactShares(stage, 'and the new shares are exact', 1_300);
}

async function drain(stage: Stage): Promise<void> {
  const { beta, traffic } = stage;
  const stop = traffic.start();
  await enough(stage, 500);
  await beta.drain(500);
  await waitFor(() => !lists(stage, beta), {
    timeoutMs: 5_000,
    what: 'beta to leave the registry',
  });
  const { calls, failed } = await stop();
  promise(
    stage,
    'no call fails while a server is drained',
    `${failed} of ${calls} failed`,
    failed === 0,
  );
  traffic.reset();
  const { byServer } = await traffic.run(1_000);
  const late = byServer.get(beta.name) ?? 0;
  promise(stage, 'a drained server gets no more calls', `${late} of 1000`, late === 0);
}

async function hang(stage: Stage): Promise<void> {
  const { gamma, traffic } = stage;
  const stop = traffic.start();
  await enough(stage, 500);
  const at = performance.now();
  gamma.freeze();
  await waitFor(() => statusOf(stage, gamma)?.ejected === true, {
    timeoutMs: 10_000,
    what: 'its breaker to eject it',
  });
  const ejectedMs = performance.now() - at;
  await enough(stage, traffic.tally.calls + 500);
  const { calls, failed, errors } = await stop();
  promise(stage, 'the breaker ejects a server that hangs', seconds(ejectedMs), true);
  promise(
    stage,
    'no call fails while it hangs',
    `${failed} of ${calls} failed${list(errors)}`,
    failed === 0,
  );
  gamma.thaw();
  traffic.reset();
  const again = traffic.start();
  await waitFor(() => statusOf(stage, gamma)?.breaker === 'closed', {
    timeoutMs: 15_000,
    what: 'its breaker to close',
  });
  const { failed: late } = await again();
  promise(
    stage,
    'it is let back in when it answers again',
    `${late} of ${traffic.tally.calls} failed`,
    late === 0,
  );
}

/** Makes `count` calls and promises that each server answers exactly in proportion to its weight. */
async function exactShares(stage: Stage, what: string, count: number): Promise<void> {
  const servers = serversOf(stage);
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const tally = await stage.traffic.run(count);
  const wanted = servers.map(({ weight }) => (count * weight) / total).join('/');
  const seen = servers.map(({ name }) => tally.of(name)).join('/');
  promise(stage, `${what}: ${wanted}`, seen, seen === wanted);
}

async function connected(stage: Stage, servers: readonly DemoServer[]): Promise<void> {
  const up = (server: DemoServer) => statusOf(stage, server)?.available === true;
  await waitFor(() => servers.every(up), { timeoutMs: 15_000, what: 'the client to be connected' });
}

async function enough({ traffic }: Stage, calls: number): Promise<void> {
  await waitFor(() => traffic.tally.calls >= calls, { timeoutMs: 30_000, what: `${calls} calls` });
}

function lists(stage: Stage, { address }: DemoServer): boolean {
  return stage.known().endpoints.some(({ key }) => key === address);
}

function promise(stage: Stage, what: string, measured: string, kept: boolean): void {
  const entry: Promised = stage.ledger.record(what, measured, kept);
  stage.screen.say(`    ${mark(entry.kept)} ${entry.promise} (${entry.measured})`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function list(errors: ReadonlyMap<string, number>): string {
  return [...errors].map(([message, times]) => `\n        ${times} × ${message}`).join('');
}
