import type { Endpoint } from '@wrr/core';
import { channelOptions, registerEndpointSource } from '@wrr/grpc-js';
import { startGrpcServer, waitFor } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { median, quantile } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { connect, fedSource, roundRobin } from './clients.ts';

const ENDPOINTS = 1_000;

/**
 * How long a new list of 1,000 connected endpoints blocks the event loop. The endpoints are addresses
 * of the loopback network that all lead to one server process.
 */
export async function listUpdateRows({ quick, progress }: Context): Promise<Row[]> {
  const server = await startGrpcServer({ host: '0.0.0.0' });
  const listOf = (weight: number, skip = 0): Endpoint[] =>
    Array.from({ length: ENDPOINTS }, (_, index) => {
      const number = index + skip + 1;
      return { key: `127.0.${number >> 8}.${number & 255}:${server.port}`, weight };
    });
  const rounds = quick ? 5 : 31;
  const samples = new Map<string, Record<string, readonly number[]>>();
  const contenders = { ours: channelOptions(), round_robin: roundRobin };
  try {
    for (const [name, options] of Object.entries(contenders)) {
      progress(`list of ${ENDPOINTS} endpoints, ${name}`);
      const source = fedSource();
      registerEndpointSource('bench', () => source);
      source.push({ endpoints: listOf(1) });
      const client = await connect('bench:///list', options);
      await waitFor(async () => (await server.counters()).connections >= ENDPOINTS, {
        timeoutMs: 60_000,
        intervalMs: 100,
      });
      for (let round = 0; round < rounds; round++) {
        const add = async (kind: string, endpoints: Endpoint[]): Promise<void> => {
          const ms = await blocked(() => source.push({ endpoints }));
          const byName = samples.get(kind) ?? {};
          samples.set(kind, { ...byName, [name]: [...(byName[name] ?? []), ms] });
        };
        await add('the same list', listOf(1));
        await add('all weights changed', listOf(2 + (round % 2)));
        await add('100 of them replaced', listOf(1, round % 2 === 0 ? 100 : 0));
      }
      client.close();
      await server.resetCounters();
    }
  } finally {
    await server.close();
  }
  return Array.from(samples, ([kind, byName]) => {
    const { ours = [], round_robin: peer = [] } = byName;
    return {
      suite: 'rpc',
      case: `new list of ${ENDPOINTS} endpoints, ${kind}: event loop blocked`,
      unit: 'ms',
      ours: median(ours),
      peers: { round_robin: median(peer) },
      ratio: { round_robin: median(peer) / median(ours) },
      rounds,
      spread: mapValues(byName, (s) => [quantile(s, 0.25), quantile(s, 0.75)] as const),
      goal: { text: '≤ 10 ms', met: median(ours) <= 10 },
    };
  });
}

/** Time from an action until the event loop is free again. */
async function blocked(action: () => void): Promise<number> {
  await new Promise((done) => setTimeout(done, 50));
  const start = performance.now();
  action();
  await new Promise((done) => setImmediate(done));
  return performance.now() - start;
}
