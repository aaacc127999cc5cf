/**
 * One server of the demo, in a process of its own: serves `GetUser`, registers itself in etcd, and
 * obeys the demo's commands. With `DEMO_ETCD` unset the demo registers it, in memory.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { Registration } from '@wrr/core';
import { createEtcdClient, registerEndpoint } from '@wrr/etcd';
import { type GetUserRequest, loadUserService, type User } from './user-service.ts';

/** What the demo asks of a server. */
export type ServerOrder =
  | { readonly do: 'set-weight'; readonly weight: number }
  | { readonly do: 'drain'; readonly graceMs: number };

const { DEMO_NAME = 'server', DEMO_PORT = '0', DEMO_WEIGHT = '1' } = process.env;
const { DEMO_ETCD, DEMO_SERVICE = 'service/user', DEMO_TTL = '5' } = process.env;

const server = new Server();
server.addService(loadUserService().service, {
  getUser(call: ServerUnaryCall<GetUserRequest, User>, callback: sendUnaryData<User>) {
    callback(null, { id: call.request.id, servedBy: DEMO_NAME });
  },
});

const port = await new Promise<number>((resolve, reject) => {
  const credentials = ServerCredentials.createInsecure();
  server.bindAsync(`127.0.0.1:${DEMO_PORT}`, credentials, (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});
const address = `127.0.0.1:${port}`;

let registration: Registration | undefined;
if (DEMO_ETCD !== undefined) {
  registration = await registerEndpoint({
    client: createEtcdClient({ hosts: DEMO_ETCD }),
    service: DEMO_SERVICE,
    address,
    weight: Number(DEMO_WEIGHT),
    ttlSeconds: Number(DEMO_TTL),
  });
}

process.on('message', (order: ServerOrder) => {
  void obey(order).then(() => process.send?.({ done: order.do }));
});
// The demo has gone: nobody is left to serve.
process.on('disconnect', () => process.exit(0));
process.send?.({ address });

async function obey(order: ServerOrder): Promise<void> {
  switch (order.do) {
    case 'set-weight':
      return registration?.setWeight(order.weight);
    case 'drain':
      return registration?.drain({ graceMs: order.graceMs });
  }
}
