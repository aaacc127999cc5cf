import { endpointName, type Peer } from './peer.ts';

interface Entry {
  readonly name: string;
  readonly weight: number;
  current: number;
}

/**
 * nginx's loop as most libraries write it: an array of objects, all of them touched at every pick.
 * No check for endpoints that are down, which nginx has: this is the fastest form of it.
 */
export class NaiveLoop {
  readonly #entries: readonly Entry[];

  constructor(weights: readonly number[]) {
    this.#entries = weights.map((weight, i) => ({ name: endpointName(i), weight, current: 0 }));
  }

  next(): string | undefined {
    let total = 0;
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      entry.current += entry.weight;
      total += entry.weight;
      if (best === undefined || entry.current > best.current) best = entry;
    }
    if (best === undefined) return undefined;
    best.current -= total;
    return best.name;
  }
}

/** Exact, O(n) a pick. */
export const naiveLoop: Peer = {
  name: 'naive loop',
  create(weights) {
    const loop = new NaiveLoop(weights);
    return { subject: loop, body: 's.next() !== undefined', next: () => loop.next() ?? '' };
  },
};
