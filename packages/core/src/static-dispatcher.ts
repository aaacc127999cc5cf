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
  /** Factor of all weights in the scheduler, so that a ramp of small weights has steps. */
  #scale = 1;

  constructor(random: (() => number) | undefined) {
    this.#scheduler = createSmoothWeightedRoundRobin<string>(random && { random });
  }

  set({ endpoint: { key, weight }, warmUpFactor }: EndpointState<E>): void {
    const effective = Math.round(weight * this.#scale * warmUpFactor);
    this.#scheduler.set(key, weight === 0 ? 0 : Math.max(1, effective));
  }

  delete({ endpoint: { key } }: EndpointState<E>): void {
    this.#scheduler.delete(key);
  }

  setRotation({ endpoint: { key }, inRotation }: EndpointState<E>): void {
    this.#scheduler.setAvailable(key, inRotation);
  }

  fit(states: ReadonlyMap<string, EndpointState<E>>, warmsUp: boolean): void {
    this.#states = states;
    let scale = 1;
    if (warmsUp) {
      let largest = 1;
      for (const { endpoint } of states.values()) largest = Math.max(largest, endpoint.weight);
      scale = Math.min(100, Math.floor(MAX_WEIGHT / largest));
    }
    if (scale === this.#scale) return;
    this.#scale = scale;
    for (const state of states.values()) this.set(state);
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
}
