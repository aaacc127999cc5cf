import { setImmediate as turn } from 'node:timers/promises';
import { failoverMiddleware } from '@wrr/nice-grpc';
import { createClientFactory } from 'nice-grpc';
import { expect, it } from 'vitest';
import { clientOf, endpoints, threeServers } from '../clients.ts';

const servers = await threeServers();
const CALLS = 60;

/** Keeps this process from reading and writing anything. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Timers run before sockets are read: at the end of a block, every time is over at once. */
it.each([
  ['while answers were on their way', 3],
  ['before its requests had left', 0],
])('a client blocked %s blames no endpoint and sends nothing again', async (_, turns) => {
  const failover = failoverMiddleware({ idempotent: () => true, perAttemptTimeoutMs: 500 });
  const client = await clientOf(servers, { factory: createClientFactory().use(failover) });
  const calls = Promise.all(Array.from({ length: CALLS }, () => client.unary({})));
  for (let count = 0; count < turns; count++) await turn();
  block(1_500);
  await calls;
  const served = await Promise.all(servers.map(async (server) => (await server.counters()).calls));
  expect(served.reduce((sum, count) => sum + count, 0)).toBe(CALLS);
  expect(endpoints().map(({ failures, breaker }) => ({ failures, breaker }))).toEqual(
    servers.map(() => ({ failures: 0, breaker: 'closed' })),
  );
});
