import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createEtcdClient, createEtcdEndpointSource } from '@wrr/etcd';
import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';

const etcd = createEtcdClient({ hosts: process.env.ETCD ?? '127.0.0.1:2379' });
register();
registerEndpointSource('etcd', ({ path }) =>
  createEtcdEndpointSource({ client: etcd, service: path }),
);

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const insecure = grpc.credentials.createInsecure();
// No retries: the drain alone sees to it that no call fails.
const users = new UserService('etcd:///service/user', insecure, channelOptions());

const call = () =>
  new Promise((resolve) => {
    users.getUser({ id: '42' }, { deadline: Date.now() + 10_000 }, (error, user) =>
      resolve(error === null ? user.servedBy : `failed: ${error.message}`),
    );
  });

// Twenty callers without end; a line every tenth of a second says who answered.
let answers = {};
const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
const callers = Array.from({ length: 20 }, async () => {
  while (!ending.signal.aborted) {
    const answer = await call();
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
});
const printing = setInterval(() => {
  console.log(JSON.stringify(answers));
  answers = {};
}, 100);
await Promise.all(callers);
clearInterval(printing);
console.log(JSON.stringify(answers));
users.close();
await etcd.close();
