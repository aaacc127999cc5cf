import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createMemoryRegistry } from '@wrr/core';
import { channelOptions, getBalancers, register, registerEndpointSource } from '@wrr/grpc-js';

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const registry = createMemoryRegistry();
register();
registerEndpointSource('memory', ({ path }) => registry.source(path));

// Two servers in this process, of which the second should get one call in four.
const servers = [];
for (const [name, weight] of Object.entries({ first: 3, second: 1 })) {
  const server = new grpc.Server();
  server.addService(UserService.service, {
    getUser: ({ request }, reply) => reply(null, { id: request.id, servedBy: name }),
  });
  const port = await new Promise((resolve, reject) => {
    const insecure = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', insecure, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  await registry.register({ service: 'service/user', address: `127.0.0.1:${port}`, weight });
  servers.push(server);
}

// nginx's order, from its first pick on: without this, a client starts anywhere in the cycle.
const options = channelOptions({ policy: { startPhase: 'first' } });
const users = new UserService('memory:///service/user', grpc.credentials.createInsecure(), options);
const getUser = (id) =>
  new Promise((resolve, reject) => {
    users.getUser({ id }, (error, user) => (error === null ? resolve(user) : reject(error)));
  });

// Both connections stand before the first call, so that the cycle begins with its first pick.
users.getChannel().getConnectivityState(true);
while (!getBalancers()[0]?.endpoints.every(({ available }) => available)) await sleep(10);

const order = [];
for (const id of ['1', '2', '3', '4']) order.push((await getUser(id)).servedBy);
console.log(order.join(' ')); // first first second first

users.close();
for (const server of servers) server.forceShutdown();
