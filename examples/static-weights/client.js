import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { channelOptions, register } from '@wrr/grpc-js';

register();
const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const servers = process.env.SERVERS ?? '127.0.0.1:50051=5,127.0.0.1:50052=1';
const users = new UserService(
  `wrr:///${servers}`,
  grpc.credentials.createInsecure(),
  channelOptions({ failover: { idempotent: true, perAttemptTimeoutMs: 500 } }),
);

const counts = {};
for (let call = 0; call < 60; call++) {
  const user = await new Promise((resolve, reject) => {
    users.getUser({ id: String(call) }, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
  counts[user.servedBy] = (counts[user.servedBy] ?? 0) + 1;
}
console.log(counts);
users.close();
