import {
  createEtcdClient,
  createEtcdEndpointSource,
  decodeEndpoint,
  encodeEndpoint,
  endpointKey,
  registerEndpoint,
} from '@wrr/etcd';
import { Etcd3 } from 'etcd3';

/** Told every change of an address's weight; `undefined` when it has gone. */
export type OnChange = (address: string, weight: number | undefined) => void;

/** What follows a service: ours, and the peer. */
export interface Watching {
  /** The view, as address → weight. */
  readonly view: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** A server's entry, made by ours or by the peer. */
export interface Registered {
  setWeight(weight: number): Promise<void>;
  close(): Promise<void>;
}

/** One way to register and discover. */
export interface Stack {
  readonly name: 'ours' | 'etcd3';
  watch(hosts: string, service: string, onChange: OnChange): Promise<Watching>;
  /** Something that registers many servers over one connection. */
  registrar(hosts: string): {
    register(service: string, address: string, weight: number): Promise<Registered>;
    close(): Promise<void>;
  };
}

/** Ours, as its guide shows it. Snapshots at most every 50 ms, which is the default. */
export const ours: Stack = {
  name: 'ours',
  watch: watchEvery(undefined),
  registrar(hosts) {
    const client = createEtcdClient({ hosts });
    return {
      register: (service, address, weight) =>
        registerEndpoint({
          client,
          service,
          address,
          weight,
          ttlSeconds: 10,
          waitForReady: true,
        }),
      close: () => client.close(),
    };
  },
};

/** etcd3 1.1.2 as its readme shows it: a list, a watcher on the prefix, a lease that keeps itself alive. */
export const etcd3: Stack = {
  name: 'etcd3',
  async watch(hosts, service, onChange) {
    const client = new Etcd3({ hosts });
    const prefix = `${service}/`;
    const view = new Map<string, number>();
    const put = (address: string, value: Buffer): void => {
      const decoded = decodeEndpoint(value);
      if (decoded.kind !== 'endpoint') return;
      view.set(address, decoded.endpoint.weight);
      onChange(address, decoded.endpoint.weight);
    };
    const watcher = await client.watch().prefix(prefix).create();
    watcher.on('put', ({ key, value }) => put(key.toString().slice(prefix.length), value));
    watcher.on('delete', ({ key }) => {
      const address = key.toString().slice(prefix.length);
      view.delete(address);
      onChange(address, undefined);
    });
    watcher.on('error', () => {});
    const initial = await client.getAll().prefix(prefix).buffers();
    for (const [key, value] of Object.entries(initial)) put(key.slice(prefix.length), value);
    return {
      view,
      async close() {
        await watcher.cancel().catch(() => {});
        client.close();
      },
    };
  },
  registrar(hosts) {
    const client = new Etcd3({ hosts });
    return {
      async register(service, address, weight) {
        const lease = client.lease(10);
        lease.on('lost', () => {});
        const store = (next: number) =>
          lease.put(endpointKey(service, address)).value(encodeEndpoint(address, next)).exec();
        await store(weight);
        return {
          setWeight: async (next) => void (await store(next)),
          close: () => lease.revoke(),
        };
      },
      close: async () => client.close(),
    };
  },
};

/** Ours with a snapshot for each change: what waiting for more to come costs, and saves. */
export const oursAtOnce: Pick<Stack, 'watch'> = { watch: watchEvery(0) };

function watchEvery(coalesceMs: number | undefined): Stack['watch'] {
  return async (hosts, service, onChange) => {
    const client = createEtcdClient({ hosts });
    let view = new Map<string, number>();
    let last: readonly unknown[] = [];
    await new Promise<void>((resolve) => {
      const source = createEtcdEndpointSource({
        client,
        service,
        ...(coalesceMs !== undefined && { coalesceMs }),
        onWarning: () => {},
      });
      source.subscribe(({ endpoints, error }) => {
        if (endpoints !== last) {
          last = endpoints;
          const before = view;
          view = new Map(endpoints.map(({ key, weight }) => [key, weight]));
          for (const [address, weight] of view) {
            if (before.get(address) !== weight) onChange(address, weight);
          }
          for (const address of before.keys()) if (!view.has(address)) onChange(address, undefined);
        }
        if (!error) resolve();
      });
    });
    return {
      get view() {
        return view;
      },
      close: () => client.close(),
    };
  };
}
