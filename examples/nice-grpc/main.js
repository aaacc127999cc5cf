import { setTimeout as sleep } from 'node:timers/promises';
import { getBalancers } from '@wrr/grpc-js';
import { createUserClient } from './client.js';
import { openRegistry } from './registry.js';
import { startServer } from './service.js';

const registry = openRegistry();
let firstHangs = false;
const servers = [await startServer('first', () => firstHangs), await startServer('second')];
const registrations = [];
for (const [index, { address }] of servers.entries()) {
  const weight = [3, 1][index];
  registrations.push(await registry.register({ service: 'service/user', address, weight }));
}

const { users, channel } = createUserClient(registry);
channel.getConnectivityState(true);
// Both are connected before the first call, so that the order below is nginx's from its first pick.
while (getBalancers()[0]?.endpoints.filter(({ available }) => available).length !== 2) {
  await sleep(10);
}

async function order(calls) {
  const names = [];
  for (let id = 1; id <= calls; id++) names.push((await users.getUser({ id: `${id}` })).servedBy);
  return names.join(' ');
}

console.log(await order(4)); // first first second first, or second a call earlier
firstHangs = true;
console.log(await order(4)); // second, every time

channel.close();
for (const registration of registrations) await registration.close();
await registry.close();
for (const { server } of servers) server.forceShutdown();
