import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createEtcdClient, createEtcdEndpointSource } from '@wrr/etcd';
import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';

const etcd = createEtcdClient({ hosts: process.env.ETCD ?? '127.0.0.1:2379' });
register(); // the policy custom_weighted_round_robin
registerEndpointSource('etcd', ({ path }) =>
  createEtcdEndpointSource({ client: etcd, service: path }),
);

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const insecure = grpc.credentials.createInsecure();
const users = new UserService('etcd:///service/user', insecure, channelOptions());
users.getUser({ id: '42' }, async (error, user) => {
  console.log(error?.message ?? user);
  users.close();
  await etcd.close();
});
