import { readFile } from 'node:fs/promises';
import { configError } from './config-error.ts';
import { type Environment, environmentLayer } from './environment.ts';
import { type Config, combine, type Layer, merge, textLayer } from './layers.ts';

/** Options of {@link loadConfig}. */
export interface LoadOptions {
  /** Environment variables; `WRR_…__…` win over the file. Default `process.env`. */
  readonly env?: Environment;
}

/**
 * Reads settings once: defaults, below the file (YAML or JSON), below the environment.
 *
 * @throws {ConfigError} as a rejection, with every problem by file, line, column and field.
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<Config> {
  const text = await readText(file);
  return configOf({ file, env: options.env ?? process.env, key: '' }, { file: text });
}

/** Names of the sources. */
export interface Sources {
  readonly file: string;
  readonly env: Environment;
  readonly key: string;
}

/** What the sources say at one moment. */
export interface Texts {
  readonly file: string;
  /** Value and revision of the watched key; absent while there is no such key. */
  readonly key?: { readonly text: string; readonly revision: string } | undefined;
}

/**
 * Makes settings of what the sources say: pure, all or nothing.
 *
 * @throws {ConfigError}
 */
export function configOf(sources: Sources, texts: Texts): Config {
  const layers: Layer[] = [
    textLayer(texts.file, (line, column) => ({ kind: 'file', file: sources.file, line, column })),
  ];
  layers.push(environmentLayer(sources.env, merge(layers)));
  if (texts.key !== undefined) {
    const { text, revision } = texts.key;
    layers.push(
      textLayer(text, (line, column) => ({
        kind: 'key',
        key: sources.key,
        revision,
        line,
        column,
      })),
    );
  }
  return combine(layers);
}

/**
 * Reads a file's text.
 *
 * @throws {ConfigError} as a rejection, if it cannot be read.
 */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const origin = { kind: 'file', file, line: 1, column: 1 } as const;
    throw configError([{ origin, field: '', message: `cannot be read: ${reason}` }]);
  }
}
