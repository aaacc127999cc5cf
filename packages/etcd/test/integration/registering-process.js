// A server process as a test needs it: registers, says what happens, and does what it is told.
// Runs the built package, in plain JavaScript, as on Node 20.
import { createEtcdClient, registerEndpoint } from '@wrr/etcd';

const { hosts, ...options } = JSON.parse(process.argv[2]);
const client = createEtcdClient({ hosts });
const registration = await registerEndpoint({ client, waitForReady: true, ...options });
registration.subscribe((event) => process.send?.({ event: event.type }));

// Stands for the server that would keep the process alive.
const serving = setInterval(() => {}, 1_000);
process.once('SIGTERM', async () => {
  await registration.close();
  await client.close();
  clearInterval(serving);
  process.disconnect?.();
});
process.send({ event: 'ready' });
