import { type Balancer, createBalancer, type Endpoint } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeTime, keysOf, pickOne } from './balancer-kit.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

const endpointSet = fc
  .subarray([...KEYS], { minLength: 1 })
  .chain((keys) =>
    fc
      .tuple(...keys.map(() => fc.integer({ min: 0, max: 12 })))
      .map((weights) => keys.map((key, i): Endpoint => ({ key, weight: weights[i] ?? 1 }))),
  );

type Step =
  | { readonly do: 'update'; readonly endpoints: Endpoint[] }
  | { readonly do: 'available'; readonly key: string; readonly available: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'call'; readonly outcome: 'success' | 'failure' | 'ignored'; readonly n: number }
  | { readonly do: 'hang' }
  | { readonly do: 'settle'; readonly outcome: 'success' | 'failure' | 'ignored' };

const outcome = fc.constantFrom('success', 'failure', 'failure', 'ignored' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: endpointSet.map((endpoints) => ({ do: 'update' as const, endpoints })) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('available' as const),
      key: fc.constantFrom(...KEYS),
      available: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.integer({ max: 3_000, min: 0 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      outcome,
      n: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'hang' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), outcome }) },
);

/** Runs a history, checking the laws after every step. */
function runHistory(
  steps: readonly Step[],
  options: { minAvailable?: number; onAllOpen?: 'panic' | 'fail-fast' },
  check: (balancer: Balancer<Endpoint>) => void,
): void {
  const clock = fakeTime();
  const balancer = createBalancer<Endpoint>({
    clock,
    circuitBreaker: { consecutiveFailures: 2, openMs: 500, jitter: 0, probes: 2 },
    ...options,
  });
  const open: { end(outcome: 'success' | 'failure' | 'ignored'): void }[] = [];
  const call = () => {
    const pick = balancer.pick();
    if (pick.kind === 'none') return undefined;
    pick.attempt.start();
    return pick.attempt;
  };
  for (const current of steps) {
    switch (current.do) {
      case 'update':
        balancer.update(current.endpoints);
        break;
      case 'available':
        balancer.setAvailable(current.key, current.available);
        break;
      case 'wait':
        clock.advance(current.ms);
        break;
      case 'call':
        for (let i = 0; i < current.n; i++) call()?.end(current.outcome);
        break;
      case 'hang': {
        const attempt = call();
        if (attempt !== undefined) open.push(attempt);
        break;
      }
      case 'settle':
        open.shift()?.end(current.outcome);
        break;
    }
    check(balancer);
  }
}

const history = fc.array(step, { minLength: 1, maxLength: 60 });
const ratio = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);

describe('over random histories', () => {
  it('P1: no more endpoints are ejected than minAvailable allows, also when the set shrinks', () => {
    fc.assert(
      fc.property(history, ratio, (steps, minAvailable) => {
        runHistory(steps, { minAvailable }, (balancer) => {
          const counting = balancer.endpoints().filter(({ weight }) => weight > 0);
          const ejected = counting.filter((endpoint) => endpoint.ejected).length;
          expect(ejected).toBeLessThanOrEqual(
            counting.length - Math.ceil(counting.length * minAvailable),
          );
        });
      }),
    );
  });

  it('P2: a pick fails only if nothing is reachable, or breakers forbid it with fail-fast', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('panic', 'fail-fast' as const), (steps, onAllOpen) => {
        runHistory(steps, { onAllOpen }, (balancer) => {
          const reachable = balancer
            .endpoints()
            .filter(({ weight, available }) => weight > 0 && available);
          const pick = balancer.pick();
          if (pick.kind === 'picked') {
            pick.attempt.end('ignored');
            expect(reachable.map(({ key }) => key)).toContain(pick.endpoint.key);
          } else if (reachable.length > 0) {
            expect(onAllOpen).toBe('fail-fast');
            expect(reachable.every(({ ejected }) => ejected)).toBe(true);
            expect(pick.retryAfterMs).toBeGreaterThan(0);
          }
        });
      }),
    );
  });

  it('P3: panic holds exactly while it is needed, counted from the set', () => {
    fc.assert(
      fc.property(history, ratio, (steps, minAvailable) => {
        runHistory(steps, { minAvailable }, (balancer) => {
          const counting = balancer.endpoints().filter(({ weight }) => weight > 0);
          const reachable = counting.filter(({ available }) => available);
          const withheld = reachable.filter(({ ejected }) => ejected).length;
          const required = Math.ceil(counting.length * minAvailable);
          expect(balancer.panic).toBe(withheld > 0 && reachable.length - withheld < required);
        });
      }),
    );
  });

  it('P4: ejections do not leak: with new endpoints, all can be picked', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const fresh = ['x', 'y', 'z'].map((key): Endpoint => ({ key, weight: 1 }));
        runHistory(
          [...steps, { do: 'update', endpoints: fresh }, { do: 'wait', ms: 0 }],
          {},
          (balancer) => {
            if (balancer.endpoints()[0]?.key !== 'x') return;
            expect([...keysOf(balancer, 3)].sort().join('')).toBe('xyz');
          },
        );
      }),
    );
  });

  it('in flight is never negative, and zero when every attempt has ended', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const hangs = steps.filter((current) => current.do === 'hang').length;
        const ends = Array.from(
          { length: hangs },
          (): Step => ({ do: 'settle', outcome: 'success' }),
        );
        let last = 0;
        runHistory([...steps, ...ends], {}, (balancer) => {
          const inFlight = balancer.endpoints().map((endpoint) => endpoint.inFlight);
          expect(Math.min(0, ...inFlight)).toBe(0);
          last = inFlight.reduce((sum, n) => sum + n, 0);
        });
        expect(last).toBe(0);
      }),
    );
  });
});

it('P5: in panic the shares are those of a balancer without breakers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
      (weights) => {
        const endpoints = weights.map((weight, i): Endpoint => ({ key: String(i), weight }));
        const balancer = createBalancer<Endpoint>({
          clock: fakeTime(),
          minAvailable: 1,
          circuitBreaker: { consecutiveFailures: 1 },
        });
        balancer.update(endpoints);
        for (let i = 0; i < 20; i++) {
          const { attempt } = pickOne(balancer);
          attempt.start();
          attempt.end('failure');
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = new Map<string, number>();
        for (const key of keysOf(balancer, total)) counts.set(key, (counts.get(key) ?? 0) + 1);
        expect(weights.map((_, i) => counts.get(String(i)))).toEqual(weights);
      },
    ),
  );
});

it('R3: a call never goes back to an endpoint while another one in rotation is untried', () => {
  fc.assert(
    fc.property(endpointSet, fc.nat({ max: 30 }), (endpoints, skip) => {
      const balancer = createBalancer<Endpoint>({ clock: fakeTime() });
      balancer.update(endpoints);
      const usable = endpoints.filter(({ weight }) => weight > 0).length;
      for (let i = 0; i < skip; i++) balancer.pick();
      const tried = new Set<string>();
      for (let i = 0; i < usable; i++) tried.add(pickOne(balancer, { tried }).endpoint.key);
      expect(tried.size).toBe(usable);
      if (usable > 0) expect(balancer.pick({ tried })).toMatchObject({ reason: 'all-tried' });
    }),
  );
});

it('R7: an update that changes nothing does not change the next picks', () => {
  fc.assert(
    fc.property(endpointSet, fc.nat({ max: 40 }), (endpoints, skip) => {
      const plain = createBalancer<Endpoint>({ clock: fakeTime() });
      const updated = createBalancer<Endpoint>({ clock: fakeTime() });
      for (const balancer of [plain, updated]) balancer.update(endpoints);
      if (endpoints.every(({ weight }) => weight === 0)) return;
      keysOf(plain, skip);
      for (let i = 0; i < skip; i++) {
        keysOf(updated, 1);
        updated.update([...endpoints].reverse());
      }
      expect(keysOf(updated, 40)).toBe(keysOf(plain, 40));
    }),
  );
});
