import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createEtcdClient, registerServer } from '@wrr/etcd';

const name = process.env.NAME ?? 'first';
const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const server = new grpc.Server();
server.addService(UserService.service, {
  // An answer takes a while, so that calls are in flight whenever the signal comes.
  getUser: ({ request }, callback) =>
    setTimeout(() => callback(null, { id: request.id, servedBy: name }), 50),
});

const etcd = createEtcdClient({ hosts: process.env.ETCD ?? '127.0.0.1:2379' });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error !== null) throw error;
  // #region drain
  // SIGTERM: weight 0, a second for clients to notice, entry removed, calls in flight, stop.
  const { closed } = await registerServer(server, {
    client: etcd,
    service: 'service/user',
    address: `127.0.0.1:${port}`,
    graceMs: 1_000,
    shutdownMs: 10_000,
  });
  console.log(`${name} serves`);
  await closed;
  console.log(`${name} has left`);
  await etcd.close(); // nothing is left to do: the process ends
  // #endregion drain
});
