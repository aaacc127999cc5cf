import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryRegistry, type EndpointSource, type Registration } from '@wrr/core';
import { createEtcdClient, createEtcdEndpointSource } from '@wrr/etcd';
import { findEtcd, startEtcd } from '@wrr/test-support';

/** Where the demo's servers are registered. */
export interface DemoRegistry {
  readonly kind: 'etcd' | 'memory';
  /** What to say of it on the screen. */
  readonly title: string;
  readonly ttlMs: number;
  /** Settings for the servers' processes. */
  readonly serverEnvironment: Readonly<Record<string, string>>;
  /** Present if servers cannot register themselves. */
  readonly register?: (address: string, weight: number) => Promise<Registration>;
  source(service: string): EndpointSource;
  close(): Promise<void>;
}

/** Name of the demo's service in the registry. */
export const SERVICE = 'service/user';

const TTL_SECONDS = 5;

/**
 * Opens the registry that was asked for; without a wish, etcd if one can be had, else memory.
 *
 * @throws {Error} if etcd was asked for and none can be had.
 */
export async function openRegistry(
  wish: 'etcd' | 'memory' | undefined,
  say: (line: string) => void,
): Promise<DemoRegistry> {
  if (wish === 'memory') return openMemory('as asked');
  const found = await findEtcd({ onProgress: say });
  if (found.kind === 'found') return openEtcd(found.binary, found.version, say);
  const why = `no etcd can be had here:\n${found.reasons.map((line) => `  - ${line}`).join('\n')}`;
  if (wish === 'etcd') throw new Error(why);
  say(`${why}\nusing a registry in memory instead`);
  return openMemory('no etcd here');
}

async function openEtcd(
  binary: string,
  version: string,
  say: (line: string) => void,
): Promise<DemoRegistry> {
  const server = await startEtcd({ binary, onProgress: say });
  const client = createEtcdClient({ hosts: server.endpoint });
  return {
    kind: 'etcd',
    title: `etcd ${version} at ${server.endpoint}`,
    ttlMs: TTL_SECONDS * 1_000,
    serverEnvironment: {
      DEMO_ETCD: server.endpoint,
      DEMO_SERVICE: SERVICE,
      DEMO_TTL: String(TTL_SECONDS),
    },
    source: (service) => createEtcdEndpointSource({ client, service }),
    async close() {
      await client.close();
      await server.stop();
    },
  };
}

function openMemory(why: string): DemoRegistry {
  const registry = createMemoryRegistry({ sleep });
  return {
    kind: 'memory',
    title: `registry in memory (${why})`,
    ttlMs: TTL_SECONDS * 1_000,
    serverEnvironment: {},
    register: (address, weight) => registry.register({ service: SERVICE, address, weight }),
    source: (service) => registry.source(service),
    async close() {},
  };
}
