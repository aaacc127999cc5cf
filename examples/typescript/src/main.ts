import { channelOptions, getBalancers, register, type WrrChannelOptions } from '@wrr/grpc-js';
import { createUserClient, type User, type UserClient } from './user-service.ts';

// #region client
const options: WrrChannelOptions = {
  policy: {
    circuitBreaker: { consecutiveFailures: 3, open: '0.5s' },
    warmUp: { window: '10s' },
  },
  failover: { idempotent: true, perAttemptTimeoutMs: 500 },
};
register();
const servers = process.env['SERVERS'] ?? '127.0.0.1:50051=5,127.0.0.1:50052=1';
const users = createUserClient(`wrr:///${servers}`, channelOptions(options));
// #endregion client

/** One call as a promise. */
function getUser(client: UserClient, id: string): Promise<User> {
  return new Promise((resolve, reject) => {
    client.getUser({ id }, { deadline: Date.now() + 5_000 }, (error, user) =>
      user === undefined ? reject(error) : resolve(user),
    );
  });
}

const counts = new Map<string, number>();
for (let call = 0; call < 60; call++) {
  const { servedBy } = await getUser(users, String(call));
  counts.set(servedBy, (counts.get(servedBy) ?? 0) + 1);
}
console.log(Object.fromEntries(counts));
for (const { endpoints } of getBalancers()) {
  for (const { weight, breaker, available } of endpoints) {
    console.log(`weight ${weight}, breaker ${breaker}, ${available ? 'connected' : 'unreachable'}`);
  }
}
users.close();
