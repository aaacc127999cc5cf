import { createSmoothWeightedRoundRobin } from '@wrr/core';
import { seededRandom } from '../statistics.ts';
import { EdfHeap } from './peers/edf-heap.ts';
import { endpointName } from './peers/peer.ts';
import { StaticStride } from './peers/static-stride.ts';

/** Something that picks, by index. */
export type Picker = () => number;

/** Makes pickers for the comparison of sequences; `seed` undefined means: at phase 0. */
export const makers: Readonly<
  Record<string, (weights: readonly number[], seed?: number) => Picker>
> = {
  ours: (weights, seed) => {
    const random = seed === undefined ? undefined : seededRandom(seed);
    const scheduler = createSmoothWeightedRoundRobin<number>(random ? { random } : {});
    for (const [key, weight] of weights.entries()) scheduler.set(key, weight);
    return () => scheduler.next() ?? -1;
  },
  EDF: (weights, seed) => {
    nameUpTo(weights.length);
    const heap = new EdfHeap(weights, seed === undefined ? undefined : seededRandom(seed));
    return () => indexOf(heap.next());
  },
  'static stride': (weights, seed) => {
    nameUpTo(weights.length);
    const stride = new StaticStride(weights);
    const skip = seed === undefined ? 0 : Math.floor(seededRandom(seed)() * 10_000);
    for (let i = 0; i < skip; i++) stride.next();
    return () => indexOf(stride.next());
  },
  'weighted random': (weights, seed) => {
    const random = seededRandom(seed ?? 0);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return () => {
      let left = random() * total;
      for (const [index, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return index;
      }
      return 0;
    };
  },
};

const indices = new Map<string, number>();

function nameUpTo(count: number): void {
  for (let i = indices.size; i < count; i++) indices.set(endpointName(i), i);
}

function indexOf(name: string | undefined): number {
  const index = name === undefined ? undefined : indices.get(name);
  if (index === undefined) throw new Error('nothing was picked');
  return index;
}
