import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createEtcdClient, registerEndpoint } from '@wrr/etcd';

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const server = new grpc.Server();
server.addService(UserService.service, {
  getUser: ({ request }, callback) => callback(null, { id: request.id, servedBy: 'quickstart' }),
});

const etcd = createEtcdClient({ hosts: process.env.ETCD ?? '127.0.0.1:2379' });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error !== null) throw error;
  const registration = await registerEndpoint({
    client: etcd,
    service: 'service/user',
    address: `127.0.0.1:${port}`,
    weight: 5,
  });
  console.log(`serving on port ${port}`);

  process.once('SIGTERM', async () => {
    await registration.drain({ graceMs: 500 });
    server.tryShutdown(() => etcd.close());
  });
});
