import { show } from './json-reader.ts';

/** A choice of methods: paths, `/pkg.Service/*` for all of a service, a function, or all or none. */
export type Methods = readonly string[] | ((path: string) => boolean) | boolean;

/** Says whether a method, given by its path, is among the chosen. */
export type MethodMatcher = (path: string) => boolean;

const PATH = /^\/[^/\s]+\/[^/\s]+$/;
const REMEMBERED = 1_000;

/**
 * Makes a matcher. Answers are remembered for up to 1,000 paths.
 *
 * @throws {TypeError} naming the option and the entry that is no method path.
 */
export function methodMatcher(methods: Methods, option: string): MethodMatcher {
  if (typeof methods === 'boolean') return () => methods;
  if (typeof methods === 'function') return methods;
  if (!Array.isArray(methods)) {
    throw new TypeError(`${option} must be a list of method paths, got ${show(methods)}`);
  }
  for (const path of methods) {
    if (typeof path === 'string' && PATH.test(path)) continue;
    throw new TypeError(
      `${option} must list paths such as "/pkg.Service/Method" or "/pkg.Service/*", got ${show(path)}`,
    );
  }
  const chosen = new Set<string>(methods);
  const known = new Map<string, boolean>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const matches = chosen.has(path) || chosen.has(`${path.slice(0, path.lastIndexOf('/'))}/*`);
    if (known.size < REMEMBERED) known.set(path, matches);
    return matches;
  };
}
