import { loadConfig, readRegistryOptions, watchConfig } from '@wrr/config';
import { createEtcdClient, watchKey } from '@wrr/etcd';

/** Settings that follow the file and, above it, a key in etcd; and the etcd client. */
export async function openSettings(key) {
  const file = process.env.SETTINGS ?? 'wrr.yaml';
  // Where the registry is must be known before a key of it can be watched, so it is not live.
  const { settings } = await loadConfig(file);
  const etcd = createEtcdClient(await readRegistryOptions(settings.registry));
  const source = watchKey({ client: etcd, key });
  const live = await watchConfig({ file, key: { name: key, source } });
  live.events.subscribe((event) => {
    if (event.type === 'rejected') console.error(`settings rejected\n${event.error.message}`);
    if (event.type === 'degraded') console.error(`${event.source}: ${event.reason}`);
    if (event.type === 'applied') console.error(`settings applied: ${event.changed.join(', ')}`);
  });
  return { etcd, live };
}
