// Entry of a Node server's process: `node dist/node-server-process.js`, started by node-server.ts.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { createEtcdClient, registerEndpoint } from '@wrr/etcd';
import { type EchoReply, type EchoRequest, echoService } from '@wrr/test-support';
import type { NodeServerCommand, NodeServerSettings } from './node-server.ts';

const { WRR_NODE_SERVER = '{}' } = process.env;
const settings: NodeServerSettings = JSON.parse(WRR_NODE_SERVER);
let calls = 0;

const server = new Server();
server.addService(echoService, {
  unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, callback: sendUnaryData<EchoReply>) => {
    calls++;
    const payload = call.request.payload ?? '';
    callback(null, { server: settings.name, payload, metadata: {}, index: 0 });
  },
});

const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});
const address = `127.0.0.1:${port}`;
const client = createEtcdClient({ hosts: settings.etcd });
const { service, weight, ttlSeconds } = settings;
const registration = await registerEndpoint({ client, service, address, weight, ttlSeconds });

async function obey({ kind, weight: wanted = 1 }: NodeServerCommand): Promise<unknown> {
  switch (kind) {
    case 'calls':
      return calls;
    case 'weight':
      return registration.setWeight(wanted);
    case 'deregister':
      return registration.close();
    case 'shutdown':
      await registration.drain({ graceMs: 500 });
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => resolve());
        // grpc-js waits for ever for a connection that is being destroyed at this very moment.
        setTimeout(resolve, 2_000);
      });
      return undefined;
    default:
      throw new Error(`unknown command ${String(kind)}`);
  }
}

process.on('message', ({ id, command }: { id: number; command: NodeServerCommand }) => {
  obey(command).then(
    (result) => {
      process.send?.({ id, result });
      if (command.kind === 'shutdown') process.disconnect(); // once the answer is out
    },
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ address });
