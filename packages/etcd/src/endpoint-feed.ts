import type { EndpointSnapshot, ServiceConfig } from '@wrr/core';
import { createDeletionGuard, type DeletionGuardOptions } from './deletion-guard.ts';
import { createEndpointTable } from './endpoint-table.ts';
import type { EtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';
import { prefixRange } from './range.ts';
import { publish } from './registry-events.ts';
import { watchServiceConfig } from './service-config.ts';
import { createWarner } from './warnings.ts';
import { watchRange } from './watch.ts';

/** What a feed needs to know, checked. */
export interface FeedOptions {
  readonly service: string;
  readonly serviceConfigKey: string | undefined;
  readonly coalesceMs: number;
  readonly massDeletion: DeletionGuardOptions | undefined;
  readonly onWarning: ((message: string) => void) | undefined;
}

/** An outage shorter than this is not worth a word. */
const STALE_AFTER_MS = 1_000;
/** Endpoints wait this long for the service config, so that a channel does not start without it. */
const CONFIG_WAIT_MS = 3_000;

/**
 * Follows one service and tells `emit` its snapshots, until the returned function is called.
 *
 * `last` is what was known before, if anything: it serves until etcd answers, marked stale.
 */
export function startFeed(
  client: EtcdInternals,
  options: FeedOptions,
  last: EndpointSnapshot | undefined,
  emit: (snapshot: EndpointSnapshot) => void,
): () => void {
  const { timers, namespace } = client;
  const { service, coalesceMs } = options;
  const prefix = `${namespace}${service}/`;
  const table = createEndpointTable();
  const warner = createWarner(timers, options.onWarning);
  let listed = false;
  let configKnown = options.serviceConfigKey === undefined;
  let serviceConfig: ServiceConfig | undefined = last?.serviceConfig;
  let lost: { readonly at: number; readonly error: EtcdError } | undefined;
  let told: { readonly at: number; readonly stale: boolean; readonly reason: string } | undefined;
  let coalescing: { cancel(): void } | undefined;
  let staleTimer: { cancel(): void } | undefined;
  let configTimer: { cancel(): void } | undefined;

  const tell = (): void => {
    coalescing?.cancel();
    coalescing = undefined;
    const ready = listed && configKnown;
    if (!ready && !lost) return;
    const endpoints = ready ? table.endpoints() : (last?.endpoints ?? []);
    const since = ready ? lost?.at : last && (last.staleSince ?? lost?.at);
    told = { at: timers.now(), stale: lost !== undefined, reason: lost?.error.reason ?? '' };
    emit({
      endpoints,
      ...(serviceConfig && { serviceConfig }),
      ...(lost && { error: lost.error, ...(since !== undefined && { staleSince: since }) }),
    });
    publish(
      lost
        ? { type: 'stale', service, endpoints: endpoints.length, error: lost.error }
        : { type: 'current', service, endpoints: endpoints.length },
    );
  };

  /** Tells at once after a quiet time, else when the coalescing period is over. */
  const tellSoon = (): void => {
    if (coalescing) return;
    const waitMs = told && !told.stale ? told.at + coalesceMs - timers.now() : 0;
    if (waitMs <= 0) tell();
    else coalescing = timers.setTimeout(tell, waitMs);
  };

  const guard = createDeletionGuard(options.massDeletion, timers, (changes) => {
    take(changes);
    tellSoon();
  });

  const take = (changes: Parameters<typeof table.apply>[0]): void => {
    for (const { key, reason } of table.apply(changes)) {
      const shown = JSON.stringify(key.slice(namespace.length));
      publish({ type: 'rejected', service, key, reason });
      warner.warn(`etcd key ${shown} of service ${service}: ${reason}`);
    }
  };

  const configSettled = (): void => {
    configTimer?.cancel();
    if (configKnown) return;
    configKnown = true;
    tellSoon();
  };

  const found = (): void => {
    staleTimer?.cancel();
    staleTimer = undefined;
    lost = undefined;
  };

  const watch = watchRange(client, prefixRange(prefix), {
    onChange(changes, from) {
      const first = !listed;
      listed = true;
      if (first) {
        found();
        configTimer = timers.setTimeout(configSettled, CONFIG_WAIT_MS);
      }
      const held = guard.held;
      take(first ? changes : guard.admit(changes, from, table.size));
      if (guard.held > held) {
        publish({ type: 'deletion-held', service, keys: guard.held });
        warner.warn(
          `etcd: ${guard.held} keys of service ${service} vanished at once; kept a while`,
        );
      }
      tellSoon();
    },
    onContact() {
      const wasStale = told?.stale === true;
      found();
      if (wasStale) tell();
    },
    onFailure(error) {
      const at = lost?.at ?? Date.now();
      lost = { at, error };
      if (told?.stale && told.reason === error.reason) return;
      if (!listed || told?.stale) tell();
      else staleTimer ??= timers.setTimeout(tell, STALE_AFTER_MS);
    },
  });

  const stopConfig =
    options.serviceConfigKey === undefined
      ? () => {}
      : watchServiceConfig(client, options.serviceConfigKey, warner, (config) => {
          serviceConfig = config;
          if (configKnown) tellSoon();
          else configSettled();
        });

  return () => {
    watch.close();
    stopConfig();
    guard.close();
    coalescing?.cancel();
    staleTimer?.cancel();
    configTimer?.cancel();
  };
}
