import type { Dispatcher } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Scheduler } from './scheduler.ts';
import { createSmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';
import { MAX_WEIGHT } from './weight.ts';

/** Dispatch by weights alone: the scheduler's sequence. */
export class StaticDispatcher<E extends Endpoint> implements Dispatcher<E> {
  readonly epoch = 0;
  readonly #scheduler: Scheduler<string>;
  #states: ReadonlyMap<string, EndpointState<E>> = new Map();
  /** Factor of all weights in the scheduler, so that fractions of small weights are whole numbers. */
  #scale = 1;
  /** Whether weights may be multiplied by fractions: by ramps, or because an endpoint is suspect. */
  #fractions = false;

  constructor(random: (() => number) | undefined) {
    this.#scheduler = createSmoothWeightedRoundRobin<string>(random && { random });
  }

  set(state: EndpointState<E>): void {
    const { endpoint, weightFactor } = state;
    if (weightFactor < 1 && !this.#fractions) this.#weigh(true);
    const effective = Math.round(endpoint.weight * this.#scale * weightFactor);
    // Too large when the largest weight has just grown: until `fit`, before the next pick.
    const bounded = Math.min(Math.max(effective, 1), MAX_WEIGHT);
    this.#scheduler.set(endpoint.key, endpoint.weight === 0 ? 0 : bounded);
  }

  delete({ endpoint: { key } }: EndpointState<E>): void {
    this.#scheduler.delete(key);
  }

  setRotation({ endpoint: { key }, inRotation }: EndpointState<E>): void {
    this.#scheduler.setAvailable(key, inRotation);
  }

  fit(states: ReadonlyMap<string, EndpointState<E>>, warmsUp: boolean): void {
    this.#states = states;
    let fractions = warmsUp;
    for (const { weightFactor } of states.values()) fractions ||= weightFactor < 1;
    this.#weigh(fractions);
  }

  next(_now: number, tried: ReadonlySet<string> | undefined): EndpointState<E> | undefined {
    const key = this.#scheduler.next(tried);
    return key === undefined ? undefined : this.#states.get(key);
  }

  started(): void {}

  ended(): void {}

  describe(): undefined {}

  credit({ endpoint: { key } }: EndpointState<E>): number | undefined {
    const { totalWeight } = this.#scheduler;
    const credit = this.#scheduler.credit(key);
    return credit === undefined || totalWeight === 0 ? undefined : credit / totalWeight;
  }

  restore(credits: ReadonlyMap<string, number>): void {
    const referenceWeight = this.#scheduler.totalWeight;
    const entries = this.#scheduler.snapshot().entries.map((entry) => {
      const calls = credits.get(entry.key);
      if (calls === undefined) return entry;
      return { ...entry, credit: Math.round(calls * referenceWeight) };
    });
    this.#scheduler.restore({ referenceWeight, entries });
  }

  /** Brings all weights to the scale that fractions need, or do not. O(n) when it is another one. */
  #weigh(fractions: boolean): void {
    this.#fractions = fractions;
    let scale = 1;
    if (fractions) {
      let largest = 1;
      for (const { endpoint } of this.#states.values())
        largest = Math.max(largest, endpoint.weight);
      scale = Math.min(100, Math.floor(MAX_WEIGHT / largest));
    }
    if (scale === this.#scale) return;
    this.#scale = scale;
    for (const state of this.#states.values()) this.set(state);
  }
}
