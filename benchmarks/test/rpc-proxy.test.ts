import { Client, credentials } from '@grpc/grpc-js';
import { answeredBy, startGrpcCluster } from '@wrr/test-support';
import { expect, it } from 'vitest';
import { findProxy, haproxy, nginx } from '../src/rpc-proxy/find-proxy.ts';
import { startHaproxy, startNginx } from '../src/rpc-proxy/start-proxy.ts';

// No straw men: the proxies that we compare with must distribute by weight.
it.each([
  ['nginx', nginx, startNginx],
  ['HAProxy', haproxy, startHaproxy],
] as const)('%s gives servers their share', { timeout: 240_000 }, async (name, program, start) => {
  const found = await findProxy(program, (message) => console.warn(`[${name}] ${message} …`));
  if (found === undefined) {
    console.warn(`\n*** TEST SKIPPED: no ${name} to be had\n`);
    return;
  }
  const cluster = await startGrpcCluster([5, 1, 1]);
  const proxy = await start(found, cluster.servers);
  const client = new Client(proxy.address, credentials.createInsecure());
  try {
    await answeredBy(client, 7); // opens the connections
    const servers = await answeredBy(client, 210);
    const count = (server: string) => servers.filter((one) => one === server).length;
    expect(['a', 'b', 'c'].map(count)).toEqual([150, 30, 30]);
  } finally {
    client.close();
    await proxy.close();
    await cluster.close();
  }
});
