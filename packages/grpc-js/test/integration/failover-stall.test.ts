import { setImmediate as turn } from 'node:timers/promises';
import { channelOptions, getBalancers, register } from '@wrr/grpc-js';
import { describe, expect, it } from 'vitest';
import { callUnary, clientOf, cluster, connected } from '../clients.ts';

register();

const CALLS = 60;

/** Keeps this process from reading and writing anything. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Timers run before sockets are read: at the end of a block, every time is over at once. */
describe('a client that was blocked for longer than an attempt may take', () => {
  it.each([
    ['while answers were on their way', 3],
    ['before its requests had left', 0],
  ])('%s: blames no endpoint and sends nothing again', async (_, turns) => {
    const all = await cluster(1, 1, 1);
    const failover = { idempotent: true, perAttemptTimeoutMs: 500 };
    const client = clientOf(`wrr:///${all.weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    const calls = Promise.all(Array.from({ length: CALLS }, () => callUnary(client)));
    for (let count = 0; count < turns; count++) await turn();
    block(1_500);
    await calls;
    expect(await all.total('calls')).toBe(CALLS);
    const endpoints = getBalancers().flatMap((balancer) => balancer.endpoints);
    expect(endpoints.map(({ failures, breaker }) => ({ failures, breaker }))).toEqual(
      all.servers.map(() => ({ failures: 0, breaker: 'closed' })),
    );
  });

  it('sends no hedge for a call that was answered meanwhile', async () => {
    const all = await cluster(1, 1, 1);
    const failover = { idempotent: true, hedgingDelayMs: 500 };
    const client = clientOf(`wrr:///${all.weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    const calls = Promise.all(Array.from({ length: CALLS }, () => callUnary(client)));
    for (let count = 0; count < 3; count++) await turn();
    block(1_500);
    await calls;
    expect(await all.total('calls')).toBe(CALLS);
  });
});
