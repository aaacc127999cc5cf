// The code of docs/guides/etcd.md, run by guide.test.ts.
import { channel } from 'node:diagnostics_channel';
import { Server, ServerCredentials } from '@grpc/grpc-js';
// #region client
import { createEtcdClient } from '@wrr/etcd';

const client = createEtcdClient({
  hosts: process.env.ETCD ?? '127.0.0.1:2379', // or 'https://a:2379,https://b:2379,https://c:2379'
  namespace: 'shop/',
});

// #endregion client
import { createEtcdEndpointSource, registerServer, watchKey } from '@wrr/etcd';

const server = new Server();
const port = await new Promise((resolve) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
});

// #region server
// The server is listening. From here on it is found, until SIGTERM or SIGINT.
const { registration, closed } = await registerServer(server, {
  client,
  service: 'service/user',
  address: `127.0.0.1:${port}`,
  weight: 5,
  ttlSeconds: 10,
});
// #endregion server

// #region source
const source = createEtcdEndpointSource({
  client,
  service: 'service/user',
  serviceConfigKey: 'config/user', // its JSON becomes the channel's service config
  massDeletion: { maxRatio: 0.5, holdMs: 30_000 },
});
const unsubscribe = source.subscribe(({ endpoints, staleSince, error }) => {
  if (error)
    console.error(`since ${new Date(staleSince ?? Date.now()).toISOString()}:`, error.message);
  console.log(endpoints.map(({ key, weight }) => `${key}=${weight}`).join(' '));
});
// #endregion source

// #region key
const settings = watchKey({ client, key: 'config/settings' });
settings.subscribe((value, revision) => console.log(`settings at ${revision}: ${value}`));
// #endregion key

// #region events
channel('wrr:registry').subscribe((event) => {
  if (event.type === 'lease-lost' || event.type === 'stale') console.warn(event);
});
// #endregion events

await registration.setWeight(7);
setTimeout(() => process.emit('SIGTERM'), 300);
await closed;
unsubscribe();
await client.close();
console.log('done');
