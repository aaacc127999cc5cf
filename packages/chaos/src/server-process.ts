// Entry of a server's process: a grpc-js server that registers itself with @wrr/etcd.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { createEtcdClient, registerEndpoint } from '@wrr/etcd';
import { type EchoReply, type EchoRequest, echoService } from '@wrr/test-support';
import { obeyParent, settingsFromParent, tellParent } from './child-side.ts';
import { measureFootprint } from './footprint.ts';
import type { ServerCommand, ServerSettings } from './protocol.ts';
import { watchStalls } from './stall-watch.ts';

const settings = settingsFromParent() as ServerSettings;
const { name, port, address, weight, service, etcd, ttlSeconds } = settings;
let calls = 0;

const server = new Server();
server.addService(echoService, {
  unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, callback: sendUnaryData<EchoReply>) => {
    calls++;
    callback(null, { server: name, payload: call.request.payload ?? '', metadata: {}, index: 0 });
  },
});
await new Promise<void>((resolve, reject) => {
  server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
    error ? reject(error) : resolve(),
  );
});

const client = createEtcdClient({ hosts: etcd });
const registration = registerEndpoint({
  client,
  service,
  address,
  weight,
  ttlSeconds,
  waitForReady: true,
  timeoutMs: Number.POSITIVE_INFINITY,
});

obeyParent(async (received) => {
  const command = received as ServerCommand;
  switch (command.kind) {
    case 'measure':
      return measureFootprint();
    case 'weight':
      // Stays wanted and is stored later, if etcd cannot be reached now.
      return (await registration).setWeight(command.weight).catch(() => {});
    case 'shutdown':
      await (await registration).drain({ graceMs: 300 });
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => resolve());
        // grpc-js waits for ever for a connection that is being destroyed at this very moment.
        setTimeout(resolve, 2_000);
      });
      setTimeout(() => process.exit(0), 20); // after the answer is out
      return undefined;
  }
});
setInterval(() => tellParent({ event: 'calls', calls }), 200).unref();
// It serves before it is registered, which a lost etcd may put off.
watchStalls();
tellParent({ event: 'ready' });
