import {
  checkServiceName,
  createListeners,
  type EndpointSnapshot,
  type EndpointSource,
} from '@wrr/core';
import { callSafely, warnOfThrow } from './call-safely.ts';
import { checkDeletionGuard, type DeletionGuardOptions } from './deletion-guard.ts';
import { type FeedOptions, startFeed } from './endpoint-feed.ts';
import { type EtcdClient, type EtcdInternals, internalsOf } from './etcd-client.ts';

/** Options of {@link createEtcdEndpointSource}. */
export interface EtcdEndpointSourceOptions {
  readonly client: EtcdClient;
  /** Name of the service, such as `service/user`: its keys are all that begin with `service/user/`. */
  readonly service: string;
  /**
   * A key, outside the service's own prefix, whose JSON is the channel's service config. Followed live.
   * A bad one keeps the last good one in force, and warns. Default: none.
   */
  readonly serviceConfigKey?: string;
  /** Least time between two snapshots in milliseconds, from 0: a burst becomes one. Default 50. */
  readonly coalesceMs?: number;
  /** What to do when many keys vanish at once. Default: believe it. */
  readonly massDeletion?: DeletionGuardOptions;
  /**
   * Told about values that cannot be used, at most once in a minute. Default: a warning of the process.
   * Sources with a function here do not share their watch with others.
   */
  readonly onWarning?: (message: string) => void;
}

/** A service's endpoints, as etcd has them. */
export interface EtcdEndpointSource extends EndpointSource {
  /** Ends all subscriptions of this source. Safe to call twice. */
  close(): void;
}

const KNOWN = new Set([
  'client',
  'service',
  'serviceConfigKey',
  'coalesceMs',
  'massDeletion',
  'onWarning',
]);

/**
 * Creates a source of a service's endpoints.
 *
 * All sources of one client with the same service and options share one watch. Without contact to
 * etcd the last known endpoints stay, marked with `staleSince` and `error`; when nothing is known yet,
 * the snapshot is empty and has `error`. Contact is tried again for ever.
 *
 * @throws {TypeError | RangeError} naming the option and the value.
 */
export function createEtcdEndpointSource(options: EtcdEndpointSourceOptions): EtcdEndpointSource {
  const client = internalsOf(options.client);
  const feed = feedFor(client, checkOptions(options));
  const subscriptions = new Set<() => void>();
  return {
    subscribe(listener) {
      internalsOf(options.client);
      const unsubscribe = feed.subscribe(listener);
      const end = (): void => {
        if (subscriptions.delete(end)) unsubscribe();
      };
      subscriptions.add(end);
      return end;
    },
    close() {
      for (const end of Array.from(subscriptions)) end();
    },
  };
}

function feedFor(client: EtcdInternals, options: FeedOptions): EndpointSource {
  if (options.onWarning) return createSharedFeed(client, options);
  const name = `endpoints ${JSON.stringify(options)}`;
  let feed = client.feeds.get(name);
  if (!feed) {
    feed = createSharedFeed(client, options);
    client.feeds.set(name, feed);
  }
  return feed;
}

/** Runs the feed while there is a subscription. What was known last outlives a pause. */
function createSharedFeed(client: EtcdInternals, options: FeedOptions): EndpointSource {
  const listeners = createListeners<EndpointSnapshot>(warnOfThrow);
  let last: EndpointSnapshot | undefined;
  let running: { current: EndpointSnapshot | undefined; stop(): void } | undefined;

  const start = (): NonNullable<typeof running> => {
    const run: NonNullable<typeof running> = { current: undefined, stop: () => {} };
    running = run;
    const stopFeed = startFeed(client, options, last, (snapshot) => {
      run.current = snapshot;
      listeners.tell(snapshot);
    });
    const disown = client.own(async () => {
      listeners.clear();
      run.stop();
    });
    run.stop = () => {
      running = undefined;
      stopFeed();
      disown();
      const { current } = run;
      // From now on nobody looks: whatever is known ages.
      if (current && current.endpoints.length > 0) last = { staleSince: Date.now(), ...current };
    };
    return run;
  };

  return {
    subscribe(listener) {
      const remove = listeners.add(listener);
      const run = running ?? start();
      if (run.current) {
        const { current } = run;
        callSafely(() => listener(current));
      }
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        remove();
        if (listeners.size === 0) running?.stop();
      };
    },
  };
}

function checkOptions(options: EtcdEndpointSourceOptions): FeedOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) {
      throw new TypeError(`unknown option ${name} of createEtcdEndpointSource()`);
    }
  }
  const { service, serviceConfigKey, coalesceMs = 50, massDeletion, onWarning } = options;
  checkServiceName(service);
  if (!(coalesceMs >= 0 && coalesceMs <= 60_000)) {
    throw new RangeError(`coalesceMs must be from 0 to 60000, got ${String(coalesceMs)}`);
  }
  if (massDeletion) checkDeletionGuard(massDeletion);
  if (serviceConfigKey?.startsWith(`${service}/`)) {
    throw new RangeError(
      `serviceConfigKey must lie outside ${service}/, where every key is an endpoint, got ${serviceConfigKey}`,
    );
  }
  return {
    service,
    serviceConfigKey,
    coalesceMs,
    massDeletion: massDeletion && { ...massDeletion },
    onWarning,
  };
}
