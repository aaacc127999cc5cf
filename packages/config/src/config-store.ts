import { isDeepStrictEqual } from 'node:util';
import { type ConfigError, configError, isConfigError } from './config-error.ts';
import type { Config } from './layers.ts';
import { configOf, type Sources, type Texts } from './load-config.ts';
import { formatPath, leavesOf, type Path, valueAt } from './path.ts';

/** Which of the live sources something is about. */
export type LiveSource = 'file' | 'key';

/** What happens to live settings. */
export type ConfigEvent =
  /** What the source says is in force; `changed` lists the fields whose values are new. */
  | { readonly type: 'applied'; readonly source: LiveSource; readonly changed: readonly string[] }
  /** The source says something that is wrong. The settings in force stay. */
  | { readonly type: 'rejected'; readonly source: LiveSource; readonly error: ConfigError }
  /** Changes of this source will be seen later than usual, or not at all. */
  | { readonly type: 'degraded'; readonly source: LiveSource; readonly reason: string };

/** The settings in force, and the rule by which they change. Pure: no file, no timer, no listener. */
export interface ConfigStore {
  readonly current: Config;
  /** Takes what a source says now. All of it comes into force, or nothing. */
  offer(source: LiveSource, change: Partial<Texts>): ConfigEvent;
  /** Whether every source's last word is in force. */
  readonly settled: boolean;
}

/**
 * Creates a store.
 *
 * @throws {ConfigError} if the first texts are wrong: then there is nothing to fall back on.
 */
export function createConfigStore(sources: Sources, texts: Texts): ConfigStore {
  let current = configOf(sources, texts);
  /** What the sources said last that was right, and what they said last, right or wrong. */
  let accepted = texts;
  let latest = texts;

  return {
    get current() {
      return current;
    },
    get settled() {
      return accepted === latest;
    },
    offer(source, change) {
      latest = { ...latest, ...change };
      let failure: ConfigError | undefined;
      // With what the others said last, or else with what they last said rightly: a file that is
      // broken must not keep an operator from steering by the key.
      for (const candidate of [latest, { ...accepted, ...change }]) {
        try {
          const next = configOf(sources, candidate);
          const changed = changedFields(current.settings, next.settings);
          accepted = candidate;
          current = next;
          return { type: 'applied', source, changed };
        } catch (error) {
          failure ??= asConfigError(error);
        }
      }
      return { type: 'rejected', source, error: failure ?? configError([]) };
    },
  };
}

/** Whatever goes wrong over a text from outside is that text's fault, and must not end the process. */
export function asConfigError(error: unknown): ConfigError {
  if (isConfigError(error)) return error;
  const message = `cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
  return configError([{ origin: { kind: 'default' }, field: '', message }]);
}

function changedFields(before: unknown, after: unknown): readonly string[] {
  const fields = new Map<string, Path>();
  for (const value of [before, after]) {
    for (const path of leavesOf(value)) fields.set(formatPath(path), path);
  }
  for (const [field, path] of fields) {
    if (isDeepStrictEqual(valueAt(before, path), valueAt(after, path))) fields.delete(field);
  }
  return [...fields.keys()];
}
