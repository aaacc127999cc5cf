// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction
import type { Slots } from './slots.ts';

/** Size of the sample that finds a place in the middle of a queue. */
const SAMPLE = 64;

/** Says whether slot `a` is before slot `b` in a queue: by credit, ties by rank. */
export function precedes({ credit, rank }: Slots<unknown>, a: number, b: number): boolean {
  return credit[a]! > credit[b]! || (credit[a] === credit[b] && rank[a]! < rank[b]!);
}

/**
 * Returns a slot before `slot` in the queue that begins with `first`, and not far from it: the nearest
 * of a sample. Without it, the return of one of ten thousand equal endpoints would walk past thousands.
 */
export function nearestBefore(slots: Slots<unknown>, first: number, slot: number): number {
  const { weight, next, keys } = slots;
  let nearest = first;
  const stride = Math.ceil(keys.length / SAMPLE);
  for (let row = 0; row < keys.length; row += stride) {
    if (weight[row] !== weight[slot] || next[row]! < 0) continue;
    if (precedes(slots, row, slot) && precedes(slots, nearest, row)) nearest = row;
  }
  return nearest;
}
