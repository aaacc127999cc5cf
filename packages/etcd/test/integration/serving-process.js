// A gRPC server that registers itself, as docs/guides/etcd.md shows it, and leaves at SIGTERM.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createEtcdClient, registerServer } from '@wrr/etcd';
import { echoService } from '@wrr/test-support';

const { hosts, graceMs, delayMs } = JSON.parse(process.argv[2]);
const server = new Server();
server.addService(echoService, {
  unary: (_call, callback) =>
    setTimeout(() => callback(null, { server: 'a', payload: '', metadata: {}, index: 0 }), delayMs),
});
const port = await new Promise((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});
const client = createEtcdClient({ hosts });
const { registration, closed } = await registerServer(server, {
  client,
  service: 'service/user',
  address: `127.0.0.1:${port}`,
  graceMs,
});
registration.subscribe((event) => process.send?.({ event: event.type }));
process.send({ event: 'ready', address: registration.address });
await closed;
await client.close();
process.disconnect?.();
