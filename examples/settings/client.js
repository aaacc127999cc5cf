import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { failoverOptionsOf, liveServiceConfig, liveValue } from '@wrr/config';
import { withServiceConfig } from '@wrr/core';
import { createEtcdEndpointSource } from '@wrr/etcd';
import {
  channelOptions,
  failoverInterceptor,
  register,
  registerEndpointSource,
} from '@wrr/grpc-js';
import { openSettings } from './settings.js';

const { etcd, live } = await openSettings('settings/client');

// #region live
register();
registerEndpointSource('etcd', ({ path }) =>
  withServiceConfig(
    createEtcdEndpointSource({ client: etcd, service: path }),
    liveServiceConfig(live, 'user'), // weights, breaker, warm-up: into the open channel
  ),
);

let failover = (options, nextCall) => new grpc.InterceptingCall(nextCall(options));
liveValue(live, (settings) => failoverOptionsOf(settings, 'user')).subscribe((options) => {
  if (options !== undefined) failover = failoverInterceptor(options); // from the next call on
});
// #endregion live

const { UserService } = grpc.loadPackageDefinition(loadSync('user.proto')).user;
const users = new UserService(
  live.current.settings.services.user.target,
  grpc.credentials.createInsecure(),
  { ...channelOptions(), interceptors: [(options, nextCall) => failover(options, nextCall)] },
);

// Calls without end; a line for every 60 says who answered.
const call = () =>
  new Promise((resolve) => {
    users.getUser({ id: '42' }, { deadline: Date.now() + 5_000 }, (error, user) =>
      resolve(error === null ? user.servedBy : `failed: ${error.message}`),
    );
  });
const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
while (!ending.signal.aborted) {
  const answers = {};
  for (const answer of await Promise.all(Array.from({ length: 60 }, call))) {
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  console.log(JSON.stringify(answers));
  await new Promise((resolve) => setTimeout(resolve, 20));
}
users.close();
live.close();
await etcd.close();
