import { Client, credentials } from '@grpc/grpc-js';
import { createEtcdClient, createEtcdEndpointSource } from '@wrr/etcd';
import {
  channelOptions,
  failoverInterceptor,
  register,
  registerEndpointSource,
} from '@wrr/grpc-js';
import { callUnary } from '@wrr/test-support';
import { serviceConfig } from './service-config.ts';

/** What calls came to, in the same form as our Go client's. */
export interface Tally {
  readonly calls: number;
  readonly servers: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
}

/** A grpc-js client on `etcd:///service` with the Go system's service config and our failover. */
export interface NodeClient {
  /** Makes calls one after the other. */
  calls(count: number): Promise<Tally>;
  /** Makes calls at a steady rate (a second) until the returned function is called. */
  load(rate: number): () => Promise<Tally>;
  close(): Promise<void>;
}

let schemes = 0;

/** Connects to a service through etcd at `host:port`. */
export function startNodeClient(etcd: string, service: string): NodeClient {
  register();
  const client = createEtcdClient({ hosts: etcd });
  // Each client has an etcd of its own, so its scheme is its own, too.
  const scheme = `etcd${schemes++}`;
  registerEndpointSource(scheme, ({ path }) =>
    createEtcdEndpointSource({ client, service: path.replace(/^\//, '') }),
  );
  const stub = new Client(`${scheme}:///${service}`, credentials.createInsecure(), {
    ...channelOptions(),
    'grpc.service_config': serviceConfig,
    interceptors: [failoverInterceptor({ idempotent: true })],
  });

  const one = async (into: MutableTally): Promise<void> => {
    into.calls++;
    try {
      const { server } = await callUnary(stub, {}, { deadline: Date.now() + 5_000 });
      into.servers[server] = (into.servers[server] ?? 0) + 1;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      into.errors[text] = (into.errors[text] ?? 0) + 1;
    }
  };

  return {
    async calls(count) {
      const tally = newTally();
      for (let made = 0; made < count; made++) await one(tally);
      return tally;
    },
    load(rate) {
      const tally = newTally();
      const open = new Set<Promise<void>>();
      const began = performance.now();
      const timer = setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1_000) * rate);
        while (tally.calls < due) {
          const call = one(tally).finally(() => open.delete(call));
          open.add(call);
        }
      }, 2);
      return async () => {
        clearInterval(timer);
        await Promise.all(open);
        return tally;
      };
    },
    async close() {
      stub.close();
      await client.close();
    },
  };
}

interface MutableTally {
  calls: number;
  servers: Record<string, number>;
  errors: Record<string, number>;
}

function newTally(): MutableTally {
  return { calls: 0, servers: {}, errors: {} };
}
