import type { EndpointSnapshot, EndpointSource, ServiceConfig } from './endpoint-source.ts';

/** A service config that can change while clients run. */
export interface LiveServiceConfig {
  /**
   * Calls `listener` with the config in force, now or as soon as there is one, and at every change;
   * `undefined` means none. Returns the function that ends this.
   */
  subscribe(listener: (config: ServiceConfig | undefined) => void): () => void;
}

/**
 * Lays a service config over a source: its snapshots carry the endpoints of `source` and the config
 * of `settings`, fixed or live. Without a config of `settings`, that of `source` stays.
 *
 * Snapshots start when `source` has sent its first one, so that no list is taken for empty too early.
 */
export function withServiceConfig(
  source: EndpointSource,
  settings: ServiceConfig | LiveServiceConfig,
): EndpointSource {
  return {
    subscribe(listener) {
      let snapshot: EndpointSnapshot | undefined;
      let config: ServiceConfig | undefined;
      const tell = () => {
        if (snapshot === undefined) return;
        listener(config === undefined ? snapshot : { ...snapshot, serviceConfig: config });
      };

      let starting = true;
      const stopConfig = liveConfig(settings).subscribe((next) => {
        config = next;
        if (!starting) tell();
      });
      const stopSource = source.subscribe((next) => {
        snapshot = next;
        if (!starting) tell();
      });
      starting = false;
      tell();

      return () => {
        stopSource();
        stopConfig();
      };
    },
  };
}

function liveConfig(settings: ServiceConfig | LiveServiceConfig): LiveServiceConfig {
  if (isLive(settings)) return settings;
  return {
    subscribe(listener) {
      listener(settings);
      return () => {};
    },
  };
}

function isLive(settings: ServiceConfig | LiveServiceConfig): settings is LiveServiceConfig {
  return typeof (settings as { subscribe?: unknown }).subscribe === 'function';
}
