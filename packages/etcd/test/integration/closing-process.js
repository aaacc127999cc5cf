// Closes a client in the midst of something, and must end by itself then, without a word on stderr.
import { createEtcdClient, createEtcdEndpointSource, registerEndpoint, watchKey } from '@wrr/etcd';

const { hosts, afterMs } = JSON.parse(process.argv[2]);
process.on('unhandledRejection', (error) => {
  console.error('unhandled rejection', error);
  process.exit(70);
});
const client = createEtcdClient({ hosts });
createEtcdEndpointSource({ client, service: 's', serviceConfigKey: 'config/s' }).subscribe(
  () => {},
);
watchKey({ client, key: 'k' }).subscribe(() => {});
registerEndpoint({ client, service: 's', address: 'a:1', waitForReady: true }).catch(() => {});
setTimeout(() => {
  void client.close();
  void client.close();
}, afterMs);
