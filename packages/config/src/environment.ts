import { configError, type Problem } from './config-error.ts';
import { parseText } from './document.ts';
import type { Layer } from './layers.ts';
import type { Origin } from './origin.ts';
import { formatPath, isMapping, type Path, valueAt } from './path.ts';
import { namesAt, suggest } from './suggestion.ts';
import { findUnsafe } from './unsafe.ts';

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Variable {
  readonly name: string;
  readonly path: Path;
  readonly value: unknown;
}

/**
 * Reads the variables that are settings: `WRR_` and the path, with `__` between names and `_` between
 * words. `WRR_SERVICES__USER__CIRCUIT_BREAKER__OPEN=2s` is `services.user.circuitBreaker.open`. Their
 * values are YAML, so that `5` is a number and `[a:1, b:1]` a list. Empty ones are as good as unset;
 * other `WRR_` variables, without `__`, are not settings.
 *
 * @param base The settings below, in whose spelling services are found: `USER_API` is `user-api`.
 * @throws {ConfigError} naming each variable that is no setting or no value.
 */
export function environmentLayer(env: Environment, base: unknown): Layer {
  const variables: Variable[] = [];
  const problems: Problem[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!/^WRR_.*__/.test(name) || text === undefined || text.trim() === '') continue;
    const found = readVariable(name, text, base);
    if ('message' in found) problems.push(found);
    else variables.push(found);
  }
  // The shortest path first, so that a variable inside another's mapping refines it.
  variables.sort((a, b) => a.path.length - b.path.length);
  const value = {};
  for (const variable of variables) {
    if (!setAt(value, variable.path, variable.value)) {
      problems.push(problem(variable.name, variable.path, 'contradicts another variable'));
    }
  }
  if (problems.length > 0) throw configError(problems);
  return { value, originOf: (path) => originAmong(variables, path) };
}

function readVariable(name: string, text: string, base: unknown): Variable | Problem {
  let path: Path = [];
  for (const word of name.slice('WRR_'.length).split('__')) {
    const { known, open } = namesAt(path);
    const given =
      open && isMapping(valueAt(base, path)) ? Object.keys(valueAt(base, path) ?? {}) : [];
    const match = [...known, ...given].find((candidate) => spelling(candidate) === spelling(word));
    if (word === '' || (match === undefined && !open)) {
      const hint = suggest(spelling(word), known);
      return problem(name, [...path, word.toLowerCase()], `unknown setting${hint}`);
    }
    path = [...path, match ?? word.toLowerCase()];
  }
  const parsed = parseText(text);
  if (!parsed.ok) return problem(name, path, parsed.problems[0]?.message ?? 'is not YAML');
  const unsafe = findUnsafe(parsed.value);
  if (unsafe !== undefined) return problem(name, [...path, ...unsafe.path], unsafe.message);
  return { name, path, value: parsed.value };
}

/** `CIRCUIT_BREAKER`, `circuitBreaker` and `circuit-breaker` are the same word. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Sets a value where nothing stands yet; says whether it could. */
function setAt(root: object, path: Path, value: unknown): boolean {
  let at = root;
  for (const segment of path.slice(0, -1)) {
    if (!Object.hasOwn(at, segment)) Reflect.set(at, segment, {});
    const next: unknown = Reflect.get(at, segment);
    if (!isMapping(next)) return false;
    at = next;
  }
  const last = path.at(-1) ?? '';
  return !Object.hasOwn(at, last) && Reflect.set(at, last, value);
}

function originAmong(variables: readonly Variable[], path: Path): Origin {
  const related = variables.filter((variable) =>
    variable.path.every((segment, index) => index >= path.length || segment === path[index]),
  );
  // The deepest variable above `path`, or else the first one inside it.
  const above = related.filter((variable) => variable.path.length <= path.length).at(-1);
  const name = (above ?? related[0])?.name;
  return name === undefined ? { kind: 'default' } : { kind: 'environment', name };
}

function problem(name: string, path: Path, message: string): Problem {
  return { origin: { kind: 'environment', name }, field: formatPath(path), message };
}
