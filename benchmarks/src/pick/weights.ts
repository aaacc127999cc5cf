import { seededRandom } from '../statistics.ts';

/** A family of sets of weights, by number of endpoints. */
export interface WeightSet {
  readonly name: string;
  create(n: number): readonly number[];
}

function repeat(weights: readonly number[]): (n: number) => readonly number[] {
  return (n) => Array.from({ length: n }, (_, i) => weights[i % weights.length] ?? 1);
}

/** Weights that somebody measured: log-normal about 10,000 with a spread of a half; all different. */
function measured(n: number): readonly number[] {
  const random = seededRandom(n);
  const seen = new Set<number>();
  while (seen.size < n) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    seen.add(Math.max(1, Math.min(1_000_000, Math.round(10_000 * Math.exp(normal / 2)))));
  }
  return [...seen];
}

function uniform(n: number): readonly number[] {
  const random = seededRandom(n);
  const seen = new Set<number>();
  while (seen.size < n) seen.add(1 + Math.floor(random() * 1_000_000));
  return [...seen];
}

export const equal: WeightSet = { name: 'equal', create: repeat([1]) };
export const tiers3: WeightSet = { name: '3 distinct', create: repeat([1, 3, 5]) };
export const tiers10: WeightSet = {
  name: '10 distinct',
  create: repeat([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
};
export const distinct: WeightSet = { name: 'all distinct, measured', create: measured };
export const distinctUniform: WeightSet = { name: 'all distinct, uniform', create: uniform };
export const nearEqual: WeightSet = {
  name: 'all distinct, near-equal',
  create: (n) => Array.from({ length: n }, (_, i) => 900_000 + i),
};
