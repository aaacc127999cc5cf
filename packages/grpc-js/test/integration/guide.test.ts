// The code of docs/guides/grpc-js.md.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Client, credentials, Server } from '@grpc/grpc-js';
import { createMemoryRegistry } from '@wrr/core';
import {
  channelOptions,
  circuitBreakerInterceptor,
  failoverInterceptor,
  getBalancers,
  loadReportInterceptor,
  register,
  registerEndpointSource,
} from '@wrr/grpc-js';
import { type GrpcCluster, startGrpcCluster } from '@wrr/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callUnary, closing } from '../clients.ts';

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([5, 1]);
});
afterAll(() => all.close());

it('a client with failover over a static list', async () => {
  const UserServiceClient = Client;
  const [first, second] = all.servers.map(({ address }) => address);
  // #region client
  register();

  const client = new UserServiceClient(
    `wrr:///${first}=5,${second}=1`,
    credentials.createInsecure(),
    channelOptions({
      policy: { circuitBreaker: { consecutiveFailures: 5, open: '1s' }, warmUp: { window: '30s' } },
      failover: {
        idempotent: ['/shop.User/Get', '/shop.Catalogue/*'],
        perAttemptTimeoutMs: 200,
      },
      circuitBreaker: {}, // of each method: the SRE throttle with aegis's numbers
    }),
  );
  // #endregion client
  await callUnary(closing(client));
});

it('endpoints from a source of one’s own', async () => {
  const registry = createMemoryRegistry();
  await registry.register({ service: 'user', address: all.servers[0]?.address as string });
  // #region source
  registerEndpointSource('memory', ({ path }) => registry.source(path));
  const client = new Client('memory:///user', credentials.createInsecure(), channelOptions());
  // #endregion source
  await callUnary(closing(client));
});

it('interceptors by hand, in the right order', async () => {
  const target = `wrr:///${all.weighted}`;
  // #region interceptors
  const client = new Client(target, credentials.createInsecure(), {
    ...channelOptions(),
    interceptors: [
      circuitBreakerInterceptor({ circuitBreaker: { failureRate: 0.5 } }), // outside
      failoverInterceptor({ idempotent: true, hedgingDelayMs: 50 }), // inside
    ],
  });
  // #endregion interceptors
  await callUnary(closing(client));
});

it('a look inside', async () => {
  const heard: unknown[] = [];
  const log = (message: unknown): unknown => heard.push(message);
  // #region watch
  for (const name of ['wrr:endpoint', 'wrr:breaker', 'wrr:failover']) subscribe(name, log);
  for (const { target, endpoints } of getBalancers()) {
    for (const { key, weight, breaker, inFlight, picks, failures } of endpoints) {
      log(`${target} ${key} ×${weight} ${breaker} ${inFlight} ${failures}/${picks}`);
    }
  }
  // #endregion watch
  for (const name of ['wrr:endpoint', 'wrr:breaker', 'wrr:failover']) unsubscribe(name, log);
  expect(heard).toEqual([]);
});

it('a server that tells how busy it is', () => {
  // #region load-report
  const server = new Server({ interceptors: [loadReportInterceptor()] });
  // #endregion load-report
  expect(server).toBeInstanceOf(Server);
});
