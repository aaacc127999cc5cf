import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { liveValue } from '@wrr/config';
import { registerEndpoint } from '@wrr/etcd';
import { openSettings } from './settings.js';

const { etcd, live } = await openSettings('settings/server');
const { server: own } = live.current.settings;

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const server = new grpc.Server();
server.addService(UserService.service, {
  getUser: ({ request }, callback) => callback(null, { id: request.id, servedBy: own.address }),
});
server.bindAsync(own.address, grpc.ServerCredentials.createInsecure(), async (error) => {
  if (error !== null) throw error;
  // #region register
  const registration = await registerEndpoint({ client: etcd, ...own });
  liveValue(live, (settings) => settings.server?.weight ?? 1).subscribe((weight) =>
    registration.setWeight(weight),
  );
  // #endregion register
  console.log(`serving on ${own.address}`);

  process.once('SIGTERM', async () => {
    await registration.drain({ graceMs: 500 });
    live.close();
    server.tryShutdown(() => etcd.close());
  });
});
