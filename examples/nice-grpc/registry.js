import { createMemoryRegistry } from '@wrr/core';
import { createEtcdClient, createEtcdEndpointSource, registerEndpoint } from '@wrr/etcd';

/** The registry: etcd, if ETCD names one (`ETCD=127.0.0.1:2379`); else one in this process. */
export function openRegistry() {
  if (process.env.ETCD === undefined) {
    const memory = createMemoryRegistry();
    return {
      register: (options) => memory.register(options),
      source: (service) => memory.source(service),
      close: async () => {},
    };
  }
  const client = createEtcdClient({ hosts: process.env.ETCD });
  return {
    register: (options) => registerEndpoint({ client, ...options }),
    source: (service) => createEtcdEndpointSource({ client, service }),
    close: () => client.close(),
  };
}
