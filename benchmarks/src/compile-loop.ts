import { compileFunction } from 'node:vm';
import type { Loop } from './interleave.ts';

/**
 * Compiles a loop of its own for one contender.
 *
 * A loop shared by several contenders would see all their classes at its one call site, become
 * megamorphic and charge each of them for it. A loop compiled from source has its own call site, which
 * sees one class, as in a program that uses only this one.
 *
 * @param subject what the body calls `s`.
 * @param body one operation as a JavaScript expression of `s`, `i` (the count so far) and `k` (free); if its
 *   value is of use, the loop adds up whether it was truthy.
 */
export function compileLoop(subject: unknown, body: string): Loop {
  const source = `return (times) => {
    let sum = 0;
    let k = 0; // for the body's own use
    for (let i = 0; i < times; i++) if (${body}) sum = (sum + 1) | 0;
    return sum;
  }`;
  const loop: unknown = compileFunction(source, ['s'])(subject);
  if (!isLoop(loop)) throw new TypeError('the compiled loop is not a function');
  return loop;
}

function isLoop(value: unknown): value is Loop {
  return typeof value === 'function';
}
