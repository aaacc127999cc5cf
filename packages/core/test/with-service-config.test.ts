import {
  createMemoryRegistry,
  type EndpointSnapshot,
  type EndpointSource,
  type ServiceConfig,
  withServiceConfig,
} from '@wrr/core';
import { expect, it } from 'vitest';

const service = 'service/user';

function live(first?: ServiceConfig) {
  const listeners = new Set<(config: ServiceConfig | undefined) => void>();
  let current = first;
  return {
    listeners,
    set(config: ServiceConfig | undefined) {
      current = config;
      for (const listener of listeners) listener(config);
    },
    subscribe(listener: (config: ServiceConfig | undefined) => void) {
      listeners.add(listener);
      listener(current);
      return () => void listeners.delete(listener);
    },
  };
}

function watch(source: EndpointSource) {
  const snapshots: EndpointSnapshot[] = [];
  return { snapshots, stop: source.subscribe((snapshot) => snapshots.push(snapshot)) };
}

it('a fixed config travels with every snapshot', async () => {
  const registry = createMemoryRegistry();
  const { snapshots } = watch(withServiceConfig(registry.source(service), { a: 1 }));
  await registry.register({ service, address: '127.0.0.1:1' });
  expect(snapshots).toEqual([
    { endpoints: [], serviceConfig: { a: 1 } },
    { endpoints: [{ key: '127.0.0.1:1', weight: 1 }], serviceConfig: { a: 1 } },
  ]);
});

it('a live config makes a snapshot of its own, and can end', () => {
  const settings = live({ a: 1 });
  const { snapshots, stop } = watch(
    withServiceConfig(createMemoryRegistry().source(service), settings),
  );
  settings.set({ a: 2 });
  settings.set(undefined);
  stop();
  settings.set({ a: 3 });
  expect(snapshots).toEqual([
    { endpoints: [], serviceConfig: { a: 1 } },
    { endpoints: [], serviceConfig: { a: 2 } },
    { endpoints: [] },
  ]);
  expect(settings.listeners.size).toBe(0);
});

it('nothing is sent before the source knows its endpoints', () => {
  const silent: EndpointSource = { subscribe: () => () => {} };
  const settings = live({ a: 1 });
  const { snapshots } = watch(withServiceConfig(silent, settings));
  settings.set({ a: 2 });
  expect(snapshots).toEqual([]);
});
