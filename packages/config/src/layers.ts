import { configError, MAX_PROBLEMS, type Problem } from './config-error.ts';
import { parseText } from './document.ts';
import type { Origin } from './origin.ts';
import { formatPath, isMapping, type Path, valueAt } from './path.ts';
import { type FoundProblem, problemsOf } from './problems.ts';
import { schema } from './schema.ts';
import type { Settings } from './settings.ts';
import { findUnsafe } from './unsafe.ts';

/** What one source says: a tree of values, and where each of them comes from. */
export interface Layer {
  readonly value: Readonly<Record<string, unknown>>;
  /** Origin of what is at `path`, or of its nearest ancestor. */
  originOf(path: Path, part: 'key' | 'value'): Origin;
}

/** Valid settings, with the origin of every value. */
export interface Config {
  readonly settings: Settings;
  /** Where the value at `path` comes from, such as `['services', 'user', 'minAvailable']`. */
  readonly originOf: (path: Path) => Origin;
}

/**
 * Reads a text as a layer.
 *
 * @throws {ConfigError} if it is not YAML or JSON, or not a mapping.
 */
export function textLayer(text: string, originAt: (line: number, column: number) => Origin): Layer {
  const parsed = parseText(text);
  if (!parsed.ok) {
    const problems = parsed.problems.map(({ line, column, message }) => {
      return { origin: originAt(line, column), field: '', message };
    });
    throw configError(problems);
  }
  const { value } = parsed;
  const originOf = (path: Path, part: 'key' | 'value'): Origin => {
    const { line, column } = parsed.positionOf(path, part);
    return originAt(line, column);
  };
  if (!isMapping(value)) {
    const origin = originOf([], 'value');
    throw configError([{ origin, field: '', message: 'must be a mapping of settings' }]);
  }
  const layer: Layer = { value, originOf };
  const unsafe = findUnsafe(value);
  if (unsafe !== undefined) throw configError([place(unsafe, [layer])]);
  return layer;
}

/**
 * Lays layers over each other, later ones winning, and checks the whole. Mappings are merged; lists
 * and single values are replaced.
 *
 * @throws {ConfigError} with every problem, each at the place of the layer that caused it.
 */
export function combine(layers: readonly Layer[]): Config {
  const merged = merge(layers);
  const result = schema.safeParse(merged, { reportInput: true });
  if (!result.success) {
    const found = result.error.issues.flatMap((issue) => problemsOf(issue));
    const placed = found.slice(0, MAX_PROBLEMS).map((problem) => place(problem, layers));
    throw configError(placed.sort(byPlace));
  }
  return {
    settings: result.data,
    originOf: (path) => ownOrigin(path, layers) ?? { kind: 'default' },
  };
}

/** The tree that the layers give together, unchecked. */
export function merge(layers: readonly Layer[]): Readonly<Record<string, unknown>> {
  return layers.reduce((merged, layer) => mergeMappings(merged, layer.value), {});
}

function mergeMappings(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isMapping(below) && isMapping(value) ? mergeMappings(below, value) : value;
  }
  return merged;
}

/** Origin of exactly this path: the last layer that has it. */
function ownOrigin(path: Path, layers: readonly Layer[], part: 'key' | 'value' = 'value') {
  return layers.findLast(({ value }) => valueAt(value, path) !== undefined)?.originOf(path, part);
}

function place({ path, part, message }: FoundProblem, layers: readonly Layer[]): Problem {
  for (let length = path.length; length > 0; length--) {
    const origin = ownOrigin(path.slice(0, length), layers, length === path.length ? part : 'key');
    if (origin !== undefined) return { origin, field: formatPath(path), message };
  }
  const origin = layers.at(-1)?.originOf([], 'value') ?? { kind: 'default' };
  return { origin, field: formatPath(path), message };
}

/** As a reader goes through the texts; the order of the rest stays. */
function byPlace(a: Problem, b: Problem): number {
  if (!('line' in a.origin && 'line' in b.origin) || a.origin.kind !== b.origin.kind) return 0;
  return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
}
