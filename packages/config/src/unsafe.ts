import type { Path } from './path.ts';
import type { FoundProblem } from './problems.ts';

const MAX_DEPTH = 32;

/**
 * What no schema should get to see: a name that would change an object's prototype when it is copied,
 * and nesting that no setting has.
 */
export function findUnsafe(value: unknown, path: Path = []): FoundProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length > MAX_DEPTH) return { path, part: 'key', message: 'is nested too deeply' };
  for (const [name, inner] of Object.entries(value)) {
    const at = [...path, name];
    if (name === '__proto__') return { path: at, part: 'key', message: 'unknown key' };
    const found = findUnsafe(inner, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
