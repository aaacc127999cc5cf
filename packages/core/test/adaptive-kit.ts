import {
  type Attempt,
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type Dispatch,
  type Endpoint,
  type EndpointLoad,
  type LoadReport,
} from '@wrr/core';
import { type AdaptiveDispatchOptions, adaptiveDispatch } from '@wrr/core/adaptive';
import fc from 'fast-check';
import { AdaptiveDispatcher } from '../src/adaptive/adaptive-dispatcher.ts';
import { completeAdaptiveOptions } from '../src/adaptive/adaptive-options.ts';
import type { ElectionLimits } from '../src/adaptive/election-for.ts';
import { fakeTime, pickOne } from './balancer-kit.ts';

/** Where the loops elect, and where the queues do. */
export const LOOPS: ElectionLimits = { plainSize: Number.POSITIVE_INFINITY, slotsPerClass: 1 };
export const QUEUES: ElectionLimits = { plainSize: 0, slotsPerClass: 0 };

/** Adaptive dispatch with the election of one's choice. */
export function electing(limits: ElectionLimits, options: AdaptiveDispatchOptions = {}): Dispatch {
  return {
    mode: 'adaptive',
    createDispatcher: (random) =>
      new AdaptiveDispatcher(random, completeAdaptiveOptions(options), limits),
  };
}

export interface AdaptiveSetUp {
  readonly balancer: Balancer<Endpoint>;
  readonly clock: ReturnType<typeof fakeTime>;
}

/** A balancer with adaptive dispatch and without breakers. */
export function adaptiveBalancer(
  weights: readonly number[],
  options: Partial<BalancerOptions> = {},
): AdaptiveSetUp {
  const clock = fakeTime();
  const balancer = createBalancer<Endpoint>({
    clock,
    circuitBreaker: false,
    dispatch: adaptiveDispatch(),
    ...options,
  });
  balancer.update(endpointsOf(weights));
  return { balancer, clock };
}

/** Endpoints `0`, `1`, `2`, … with these weights. */
export function endpointsOf(weights: readonly number[]): Endpoint[] {
  return weights.map((weight, i) => ({ key: String(i), weight }));
}

/** What adaptive dispatch knows of an endpoint. */
export function loadOf(balancer: Balancer<Endpoint>, key: string): EndpointLoad {
  const load = balancer.endpoints().find((endpoint) => endpoint.key === key)?.load;
  if (load === undefined) throw new Error(`no load of ${key}`);
  return load;
}

/** Starts a call. */
export function begin(
  balancer: Balancer<Endpoint>,
  tried?: ReadonlySet<string>,
): { readonly key: string; readonly attempt: Attempt } {
  const { endpoint, attempt } = pickOne(balancer, tried && { tried });
  attempt.start();
  return { key: endpoint.key, attempt };
}

/** Starts a call at one endpoint, by telling that all others were tried. */
export function beginAt(balancer: Balancer<Endpoint>, key: string): Attempt {
  const others = balancer.endpoints().filter((endpoint) => endpoint.key !== key);
  return begin(balancer, new Set(others.map((endpoint) => endpoint.key))).attempt;
}

/** The keys of so many calls that succeed at once. */
export function keysOfCalls(balancer: Balancer<Endpoint>, calls: number, latencyMs = 0): string[] {
  return Array.from({ length: calls }, () => {
    const { key, attempt } = begin(balancer);
    attempt.end('success', { latencyMs });
    return key;
  });
}

/** A seeded source of randomness for balancers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export type Step =
  | { readonly do: 'begin'; readonly tried: number }
  | { readonly do: 'pick' }
  | {
      readonly do: 'end';
      readonly which: number;
      readonly outcome: 'success' | 'failure' | 'ignored';
      readonly latencyMs: number;
      readonly report: LoadReport | undefined;
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'available'; readonly endpoint: number; readonly available: boolean }
  | { readonly do: 'weight'; readonly endpoint: number; readonly weight: number };

const report = fc.record(
  {
    inFlight: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(Number.NaN, -1, Infinity)),
    qps: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.constantFrom(Number.NaN, 0, Infinity)),
    utilization: fc.constantFrom(0.01, 0.2, 0.5, 1, Number.NaN, 0, -1, Infinity),
  },
  { requiredKeys: [] },
);

/** Steps of a history; without failures, reports or other weights where they are not wanted. */
export function stepOf(
  wanted: { failures?: boolean; reports?: boolean; weights?: boolean } = {},
): fc.Arbitrary<Step> {
  const { failures = true, reports = true, weights = true } = wanted;
  return fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('begin' as const),
        tried: fc.constantFrom(0, 0, 0, 1, 2),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'pick' as const }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(),
        outcome: failures
          ? fc.constantFrom('success', 'success', 'failure', 'ignored' as const)
          : fc.constantFrom('success', 'ignored' as const),
        latencyMs: fc.constantFrom(0, 1, 10, 10, 12, 100),
        report: reports ? fc.option(report, { nil: undefined }) : fc.constant(undefined),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(0, 1, 7, 30, 110, 600, 2_500),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('available' as const),
        endpoint: fc.nat(),
        available: fc.boolean(),
      }),
    },
    {
      weight: weights ? 1 : 0,
      arbitrary: fc.record({
        do: fc.constant('weight' as const),
        endpoint: fc.nat(),
        weight: fc.nat({ max: 9 }),
      }),
    },
  );
}

/** Plays a history on a balancer and calls `check` before and after every pick. */
export class History {
  readonly #setUp: AdaptiveSetUp;
  #endpoints: readonly Endpoint[];
  readonly open: { readonly key: string; readonly attempt: Attempt }[] = [];
  readonly keys: (string | undefined)[] = [];

  constructor(setUp: AdaptiveSetUp, endpoints: readonly Endpoint[]) {
    this.#setUp = setUp;
    this.#endpoints = endpoints;
  }

  play(step: Step): void {
    const { balancer, clock } = this.#setUp;
    switch (step.do) {
      case 'begin': {
        const tried = this.open.slice(0, step.tried).map(({ key }) => key);
        const pick = balancer.pick({ tried: new Set(tried) });
        if (pick.kind === 'none') {
          this.keys.push(undefined);
          return;
        }
        pick.attempt.start();
        this.open.push({ key: pick.endpoint.key, attempt: pick.attempt });
        this.keys.push(pick.endpoint.key);
        break;
      }
      case 'pick': {
        const pick = balancer.pick();
        this.keys.push(pick.kind === 'none' ? undefined : pick.endpoint.key);
        break;
      }
      case 'end': {
        if (this.open.length === 0) return;
        const [call] = this.open.splice(step.which % this.open.length, 1);
        const { latencyMs, report: told } = step;
        call?.attempt.end(step.outcome, told ? { latencyMs, report: told } : { latencyMs });
        break;
      }
      case 'wait':
        clock.advance(step.ms);
        break;
      case 'available':
        balancer.setAvailable(String(step.endpoint % this.#endpoints.length), step.available);
        break;
      case 'weight':
        this.#endpoints = this.#endpoints.map((endpoint, i) =>
          i === step.endpoint % this.#endpoints.length
            ? { ...endpoint, weight: step.weight }
            : endpoint,
        );
        balancer.update(this.#endpoints);
        break;
    }
  }
}
