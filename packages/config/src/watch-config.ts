import { createListeners } from '@wrr/core';
import {
  asConfigError,
  type ConfigEvent,
  createConfigStore,
  type LiveSource,
} from './config-store.ts';
import type { Environment } from './environment.ts';
import { watchFile } from './file-watch.ts';
import type { Config } from './layers.ts';
import { readText } from './load-config.ts';
import { subscribeKey, type WatchedKey } from './watched-key.ts';

/** Options of {@link watchConfig}. */
export interface WatchOptions {
  /** The settings file, YAML or JSON. */
  readonly file: string;
  /** Environment variables; `WRR_…__…` win over the file. Read once. Default `process.env`. */
  readonly env?: Environment;
  /** A key whose value, YAML or JSON, wins over file and environment. Default: none. */
  readonly key?: WatchedKey;
  /** How long the start waits for the key's first report, in ms; then it goes on without. Default 3,000. */
  readonly keyTimeoutMs?: number;
  /** Quiet time after which a changed file is read, in ms. Default 50. */
  readonly debounceMs?: number;
  /** How often the file is looked at without any sign of change, in ms. Default 5,000. */
  readonly pollMs?: number;
}

/** Settings that follow their sources. */
export interface ConfigWatch {
  /** The settings in force. Always valid. */
  readonly current: Config;
  /** Calls `listener` with the settings in force, at once and at every change of a value. */
  subscribe(listener: (config: Config) => void): () => void;
  /** What happens, for logs. What stands (a rejection, a degradation) is told at once. */
  readonly events: { subscribe(listener: (event: ConfigEvent) => void): () => void };
  /** Ends everything. Safe to call twice. */
  close(): void;
}

/**
 * Reads settings and follows them: defaults, below the file, below the environment, below a watched
 * key. Every change is validated whole, together with what the other sources say; a bad one changes
 * nothing, and an event says so. When the key is deleted, what is below it returns.
 *
 * File and environment must be valid by themselves. Keeps no process alive.
 *
 * @throws {ConfigError} as a rejection, if they are not valid at the start.
 * @throws {RangeError} as a rejection, if an option is out of range.
 */
export async function watchConfig(options: WatchOptions): Promise<ConfigWatch> {
  const { file, env = process.env, key, keyTimeoutMs = 3_000 } = options;
  const { debounceMs = 50, pollMs = 5_000 } = options;
  checkTimes({ keyTimeoutMs, debounceMs, pollMs });

  const sources = { file, env: { ...env }, key: key?.name ?? '' };
  let text: string | undefined = await readText(file);
  const store = createConfigStore(sources, { file: text });
  const configs = createListeners<Config>(warn);
  const events = createListeners<ConfigEvent>(warn);
  const standing = createStanding();
  let closed = false;

  const report = (event: ConfigEvent) => {
    standing.note(event, store.settled && text !== undefined);
    events.tell(event);
    if (event.type === 'applied' && event.changed.length > 0) configs.tell(store.current);
  };

  const look = async () => {
    try {
      const seen = await readText(file);
      if (closed || seen === text) return;
      text = seen;
      report(store.offer('file', { file: seen }));
    } catch (error) {
      if (closed || text === undefined) return;
      text = undefined; // so that the same text is news when the file is back
      report({ type: 'rejected', source: 'file', error: asConfigError(error) });
    }
  };

  const keys =
    key &&
    subscribeKey(key, {
      onValue: (value, revision) => {
        const said = value === undefined ? undefined : { text: value, revision };
        if (!closed) report(store.offer('key', { key: said }));
      },
      onSilence: (reason) => report({ type: 'degraded', source: 'key', reason }),
      timeoutMs: keyTimeoutMs,
    });

  // One look after the other: an earlier one must not end last, with an older text.
  let looks = Promise.resolve();
  const files = watchFile({
    file,
    debounceMs,
    maxWaitMs: 20 * debounceMs,
    pollMs,
    onLook: () => {
      looks = looks.then(look);
    },
    onDegraded: ({ message }) => report({ type: 'degraded', source: 'file', reason: message }),
  });
  await keys?.first;

  return {
    get current() {
      return store.current;
    },
    subscribe(listener) {
      const remove = configs.add(listener);
      tell(listener, store.current);
      return remove;
    },
    events: {
      subscribe(listener) {
        const remove = events.add(listener);
        for (const event of standing.events()) tell(listener, event);
        return remove;
      },
    },
    close() {
      closed = true;
      files.close();
      keys?.close();
      configs.clear();
      events.clear();
    },
  };
}

/** Remembers what a listener that comes later must still hear: what is wrong now. */
function createStanding() {
  const rejected = new Map<LiveSource, ConfigEvent>();
  const degraded = new Map<LiveSource, ConfigEvent>();
  return {
    note(event: ConfigEvent, settled: boolean): void {
      if (event.type === 'degraded') degraded.set(event.source, event);
      else if (event.source === 'key') degraded.delete('key');
      if (event.type === 'rejected') rejected.set(event.source, event);
      if (event.type === 'applied') rejected.delete(event.source);
      if (event.type === 'applied' && settled) rejected.clear();
    },
    events: (): readonly ConfigEvent[] => [...degraded.values(), ...rejected.values()],
  };
}

function checkTimes(times: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(times)) {
    if (value > 0 && value <= 86_400_000) continue;
    throw new RangeError(`${name} must be > 0 and <= 86400000, got ${value}`);
  }
}

/** Tells one listener, with the same care as all of them. */
function tell<T>(listener: (value: T) => void, value: T): void {
  const one = createListeners<T>(warn);
  one.add(listener);
  one.tell(value);
}

/** What a listener throws becomes a warning of the process: nobody else would see it. */
function warn(error: unknown): void {
  process.emitWarning(`a settings listener threw: ${String(error)}`, { code: 'WRR_LISTENER' });
}
