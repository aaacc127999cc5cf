import { endpointName, type Peer } from './peer.ts';

const MAX = 65_535;
const OFFSET = 32_767;

/**
 * The static stride scheduler of grpc-go's `weightedroundrobin/scheduler.go` (also in C++ and Java):
 * endpoints in turn, each skipped in the share of its turns that its weight, scaled to 16 bits, leaves
 * free.
 *
 * grpc-go computes `(weight · generation + OFFSET · index) mod 65535` afresh for every attempt, because
 * its picks are stateless. JavaScript has one thread, so each endpoint keeps that value and adds its
 * weight to it: the same decisions without a division.
 */
export class StaticStride {
  readonly #weight: Int32Array;
  readonly #phase: Int32Array;
  readonly #names: readonly string[];
  #index = -1;

  constructor(weights: readonly number[]) {
    const heaviest = weights.reduce((a, b) => Math.max(a, b), 1);
    this.#weight = Int32Array.from(weights, (w) => Math.max(1, Math.round((w * MAX) / heaviest)));
    this.#phase = this.#weight.map((weight, i) => (OFFSET * i + MAX - weight) % MAX);
    this.#names = weights.map((_, i) => endpointName(i));
  }

  next(): string | undefined {
    const weights = this.#weight;
    const phases = this.#phase;
    const size = weights.length;
    let index = this.#index;
    for (;;) {
      index += 1;
      if (index === size) index = 0;
      const weight = weights[index] ?? 0;
      let phase = (phases[index] ?? 0) + weight;
      if (phase >= MAX) phase -= MAX;
      phases[index] = phase;
      if (phase >= MAX - weight) break;
    }
    this.#index = index;
    return this.#names[index];
  }
}

/** Inexact (16-bit weights), O(heaviest weight ÷ mean weight) a pick. */
export const staticStride: Peer = {
  name: 'static stride',
  create(weights) {
    const stride = new StaticStride(weights);
    return { subject: stride, body: 's.next() !== undefined', next: () => stride.next() ?? '' };
  },
};
