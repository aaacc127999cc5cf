import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { channelOptions, register } from '@wrr/grpc-js';

// The service is headless (clusterIP: None): its name has the address of every ready pod.
const target = process.env.TARGET ?? 'dns:///user.default.svc.cluster.local:50051';
// DNS knows no weights. Whoever is not named has weight 1.
const weights = JSON.parse(process.env.WEIGHTS ?? '{}');

// #region channel
register();
const options = channelOptions({
  policy: { weights, warmUp: { window: '10s' } }, // weights: { "10.0.0.7:50051": 5 }
  failover: { idempotent: true, perAttemptTimeoutMs: 500 },
});
// grpc-js asks DNS again when a connection is lost, at most every 30 s: let the servers end theirs
// from time to time ('grpc.max_connection_age_ms'), or new pods are found late.
options['grpc.dns_min_time_between_resolutions_ms'] = 5_000;
// #endregion channel

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const users = new UserService(target, grpc.credentials.createInsecure(), options);

const counts = {};
for (let call = 0; call < 60; call++) {
  const user = await new Promise((resolve, reject) => {
    users.getUser({ id: String(call) }, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
  counts[user.servedBy] = (counts[user.servedBy] ?? 0) + 1;
}
console.log(JSON.stringify(counts));
users.close();
