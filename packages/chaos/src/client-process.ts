// Entry of a client's process: calls at a steady rate, and reports of what came of them.
import { createEtcdClient, createEtcdEndpointSource } from '@wrr/etcd';
import { getBalancers, register, registerEndpointSource } from '@wrr/grpc-js';
import { obeyParent, settingsFromParent, tellParent } from './child-side.ts';
import { measureFootprint } from './footprint.ts';
import { createGrpcJsCaller } from './grpc-js-caller.ts';
import { createLoad } from './load.ts';
import { createNiceGrpcCaller } from './nice-grpc-caller.ts';
import type { ClientCommand, ClientSettings, SeenEndpoint } from './protocol.ts';
import { watchStalls } from './stall-watch.ts';

const { kind, service, etcd, rate } = settingsFromParent() as ClientSettings;
const client = createEtcdClient({ hosts: etcd });
register();
registerEndpointSource('etcd', () => createEtcdEndpointSource({ client, service }));

const target = `etcd:///${service}`;
const caller = kind === 'grpc-js' ? createGrpcJsCaller(target) : createNiceGrpcCaller(target);
const load = createLoad(caller, rate);
// Same options, so the same watch as the channel's: what is seen here is what the policy gets.
createEtcdEndpointSource({ client, service }).subscribe(({ endpoints }) => {
  load.saw(endpoints.map(({ key, weight }): SeenEndpoint => [key, weight]));
});

obeyParent(async (received) => {
  const command = received as ClientCommand;
  switch (command.kind) {
    case 'begin-shares':
      return load.beginShares();
    case 'end-shares':
      return load.endShares();
    case 'measure':
      return measureFootprint();
    case 'trusts-all':
      return getBalancers().every(({ endpoints }) =>
        endpoints.every(({ available, breaker, ejected, warmUpFactor }) => {
          return available && breaker === 'closed' && !ejected && warmUpFactor === 1;
        }),
      );
    case 'stop':
      await load.stop();
      tellParent({ event: 'report', report: load.report() });
      return undefined;
  }
});
setInterval(() => tellParent({ event: 'report', report: load.report() }), 250);
watchStalls();
tellParent({ event: 'ready' });
