/**
 * What becomes of an endpoint whose breaker refuses calls and which `minAvailable` keeps in rotation.
 * The bug that these laws exclude: with two of three endpoints dead and half of them to be kept, a dead
 * one took half of the calls, more than a retry budget can pay for.
 */
import {
  type Balancer,
  type BalancerEvent,
  createBalancer,
  createSmoothWeightedRoundRobin,
  type Endpoint,
} from '@wrr/core';
import { adaptiveDispatch } from '@wrr/core/adaptive';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, fakeTime, keysOf, pickOne, succeed } from './balancer-kit.ts';
import { seeded } from './breaker-kit.ts';

const BREAKER = { consecutiveFailures: 1, openMs: 1_000, jitter: 0, probes: 1 } as const;

function set(weights: readonly number[]): Endpoint[] {
  return weights.map((weight, i) => ({ key: String(i), weight }));
}

function counts(balancer: Balancer<Endpoint>, picks: number): Map<string, number> {
  const seen = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const { key } = pickOne(balancer).endpoint;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return seen;
}

function suspects(balancer: Balancer<Endpoint>): string[] {
  return balancer
    .endpoints()
    .filter(({ suspect }) => suspect)
    .map(({ key }) => key);
}

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });

/** Endpoint 0 refuses calls, and the cap keeps it in rotation. */
function oneSuspect(given: readonly number[]) {
  const clock = fakeTime();
  const balancer = createBalancer<Endpoint>({ clock, minAvailable: 1, circuitBreaker: BREAKER });
  balancer.update(set(given));
  fail(balancer, '0', 1);
  return { balancer, clock };
}

it('a suspect has exactly a hundredth of its weight, the others all of theirs', () => {
  fc.assert(
    fc.property(weights, (given) => {
      const { balancer } = oneSuspect(given);
      expect(suspects(balancer)).toEqual(['0']);
      const shares = given.map((weight, i) => (i === 0 ? weight : 100 * weight));
      const cycle = shares.reduce((sum, share) => sum + share, 0);
      balancer.update(set(given)); // changes nothing
      counts(balancer, cycle); // what was owed before is paid
      const seen = counts(balancer, cycle);
      for (const [i, share] of shares.entries()) {
        expect(Math.abs((seen.get(String(i)) ?? 0) - share)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

it('S3: a suspect is not starved: a call comes within two of its fair intervals', () => {
  fc.assert(
    fc.property(weights, fc.nat(500), (given, skip) => {
      const { balancer } = oneSuspect(given);
      counts(balancer, skip);
      const [own = 1, ...others] = given;
      const total = own + 100 * others.reduce((sum, weight) => sum + weight, 0);
      expect(counts(balancer, 2 * Math.ceil(total / own)).has('0')).toBe(true);
    }),
  );
});

it('one that asks for a probe has its full weight, and keeps it once the probe has succeeded', () => {
  fc.assert(
    fc.property(weights, fc.nat(500), (given, skip) => {
      const { balancer, clock } = oneSuspect(given);
      counts(balancer, skip);
      clock.advance(1_000);
      const total = given.reduce((sum, weight) => sum + weight, 0);
      const interval = 2 * Math.ceil(total / (given[0] ?? 1));
      // The probe comes within two fair intervals at the full weight, however long it was a suspect.
      let picks = 0;
      while (balancer.endpoints()[0]?.breaker === 'open') {
        expect(picks++).toBeLessThanOrEqual(interval);
        const { attempt } = pickOne(balancer);
        attempt.start();
        attempt.end('success', { latencyMs: 0 });
      }
      expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'closed', suspect: false });
      counts(balancer, total);
      const seen = counts(balancer, 10 * total);
      for (const [i, weight] of given.entries()) {
        expect(Math.abs((seen.get(String(i)) ?? 0) - 10 * weight)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

it('while its probe is under way it is a suspect again: one call, not a flood', () => {
  const { balancer, clock } = oneSuspect([1, 1]);
  clock.advance(1_000);
  const seen = counts(balancer, 50);
  expect(seen.get('0')).toBeLessThanOrEqual(2);
  expect(suspects(balancer)).toEqual(['0']);
});

it('P5: where every endpoint in rotation refuses, none is a suspect', () => {
  fc.assert(
    fc.property(weights, (given) => {
      const { balancer } = oneSuspect(given);
      for (const { key } of set(given).slice(1)) {
        expect(suspects(balancer)).toContain('0');
        fail(balancer, key, 1);
      }
      expect(suspects(balancer)).toEqual([]);
      const total = given.reduce((sum, weight) => sum + weight, 0);
      counts(balancer, total);
      const seen = counts(balancer, 10 * total);
      for (const [i, weight] of given.entries()) {
        expect(Math.abs((seen.get(String(i)) ?? 0) - 10 * weight)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

/** `'0 and 1 fail'`: by the endpoint. */
type Answer = 'success' | 'failure' | 'ignored' | '0 and 1 fail';

type Step =
  | { readonly do: 'call'; readonly answer: Answer; readonly n: number }
  | { readonly do: 'hang' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'available'; readonly key: string; readonly available: boolean }
  | { readonly do: 'update'; readonly endpoints: Endpoint[] };

const keys = fc.constantFrom('0', '1', '2', '3', '4');
const sets = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 })
  .map((given) => set(given));

function steps(answers: readonly Answer[]) {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('call' as const),
        answer: fc.constantFrom(...answers),
        n: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'hang' as const }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(600) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('available' as const),
        key: keys,
        available: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('update' as const), endpoints: sets }),
    },
  );
  return fc.array(step, { minLength: 1, maxLength: 60 });
}

function take(
  balancer: Balancer<Endpoint>,
  clock: ReturnType<typeof fakeTime>,
  step: Step,
  picked: (key: string) => void,
): void {
  let latest = '';
  const call = () => {
    const pick = balancer.pick();
    latest = pick.kind === 'none' ? pick.reason : pick.endpoint.key;
    picked(latest);
    if (pick.kind === 'none') return undefined;
    pick.attempt.start();
    return pick.attempt;
  };
  switch (step.do) {
    case 'call':
      for (let i = 0; i < step.n; i++) {
        const attempt = call();
        const byEndpoint = latest === '0' || latest === '1' ? 'failure' : 'success';
        const outcome = step.answer === '0 and 1 fail' ? byEndpoint : step.answer;
        attempt?.end(outcome, { latencyMs: 0 });
      }
      break;
    case 'hang':
      call();
      break;
    case 'wait':
      clock.advance(step.ms);
      break;
    case 'available':
      balancer.setAvailable(step.key, step.available);
      break;
    case 'update':
      balancer.update(step.endpoints);
      break;
  }
}

describe('over random histories', () => {
  const ratio = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);

  it('a suspect refuses calls and is in rotation beside one that does not; no other is', () => {
    let seen = 0;
    fc.assert(
      fc.property(
        sets,
        steps(['success', 'failure', 'ignored', '0 and 1 fail', '0 and 1 fail', '0 and 1 fail']),
        ratio,
        fc.constantFrom('static' as const, 'adaptive' as const),
        (endpoints, history, minAvailable, dispatch) => {
          const clock = fakeTime();
          const openUntil = new Map<string, number>();
          const balancer = createBalancer<Endpoint>({
            clock,
            circuitBreaker: BREAKER,
            minAvailable,
            dispatch: dispatch === 'static' ? 'static' : adaptiveDispatch(),
            onEvent: (event: BalancerEvent) => {
              if (event.type === 'breaker') openUntil.set(event.key, event.at + event.openMs);
            },
          });
          balancer.update(endpoints);
          for (const step of history) {
            take(balancer, clock, step, () => {});
            balancer.pick(); // brings what time alone has changed up to date
            const all = balancer.endpoints().filter(({ weight, available }) => weight && available);
            const inRotation = all.filter(({ ejected }) => !ejected);
            const trusted = inRotation.filter(({ suspect }) => !suspect);
            for (const { key, breaker, suspect } of inRotation) {
              if (suspect) {
                seen++;
                expect(breaker).toMatch(/^(open|half-open)$/);
                expect(balancer.panic).toBe(false);
                expect(trusted.length).toBeGreaterThan(0);
              } else if (breaker === 'open' && (openUntil.get(key) ?? 0) > clock.now()) {
                const calm = !balancer.panic && trusted.some((other) => other.breaker === 'closed');
                expect(calm, 'refuses beside one that is closed: a suspect').toBe(false);
              }
            }
            const inRotationToo = inRotation.map(({ key }) => key);
            expect(inRotationToo).toEqual(expect.arrayContaining(suspects(balancer)));
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(seen, 'suspects were seen').toBeGreaterThan(100);
  });

  it('while no breaker refuses, picks are those of the bare scheduler, bit for bit', () => {
    fc.assert(
      fc.property(
        sets,
        steps(['success', 'ignored']),
        fc.boolean(),
        fc.integer(),
        (endpoints, history, isRandom, seed) => {
          const sources = [seeded(seed), seeded(seed)] as const;
          const clock = fakeTime();
          const balancer = createBalancer<Endpoint>({
            clock,
            circuitBreaker: BREAKER,
            ...(isRandom && { random: sources[0] }),
          });
          const scheduler = createSmoothWeightedRoundRobin<string>({
            ...(isRandom && { random: sources[1] }),
          });
          const known = new Set<string>();
          const update = (now: readonly Endpoint[]): void => {
            balancer.update(now);
            for (const key of known) {
              if (!now.some((one) => one.key === key) && known.delete(key)) scheduler.delete(key);
            }
            for (const { key, weight } of now) {
              if (!known.has(key) && isRandom) sources[1](); // its breaker's first sample
              known.add(key);
              scheduler.set(key, weight);
            }
          };
          update(endpoints);
          for (const step of history) {
            if (step.do === 'update') update(step.endpoints);
            else {
              if (step.do === 'available') scheduler.setAvailable(step.key, step.available);
              take(balancer, clock, step, (key) => {
                const expected = scheduler.next();
                if (expected !== undefined) expect(key).toBe(expected);
                else expect(['empty', 'unavailable']).toContain(key);
              });
            }
          }
        },
      ),
    );
  });
});

describe.each(['static', 'adaptive'] as const)('with %s dispatch', (name) => {
  const dispatch = name === 'static' ? 'static' : adaptiveDispatch();

  it('two of three dead cost hardly a call in a hundred', () => {
    const clock = fakeTime();
    const balancer = createBalancer<Endpoint>({ clock, dispatch, circuitBreaker: BREAKER });
    balancer.update(set([1, 1, 1]));
    let failed = 0;
    for (let i = 0; i < 2_000; i++) {
      clock.advance(0.1);
      const { attempt, endpoint } = pickOne(balancer);
      attempt.start();
      const dead = endpoint.key !== '2';
      if (dead) failed++;
      attempt.end(dead ? 'failure' : 'success', { latencyMs: 0 });
    }
    if (name === 'static') expect(failed).toBeGreaterThan(10); // the trickle
    expect(failed).toBeLessThan(30);
  });
});

describe('weights near the limit', () => {
  const huge = { key: 'huge', weight: 1_000_000 };
  const small = { key: 'small', weight: 1 };

  it('are accepted while an endpoint is suspect', () => {
    const { balancer } = oneSuspect([1, 1]);
    balancer.update([...set([1, 1]), huge]);
    expect(suspects(balancer)).toEqual(['0']);
    expect(counts(balancer, 1_000).get('huge')).toBeGreaterThan(990);
    // A hundredth of the smallest weight is no whole number: it keeps the least there is.
    const tried = new Set(['1', 'huge']);
    expect(pickOne(balancer, { tried }).endpoint.key).toBe('0');
    balancer.update([...set([1, 1_000_000]), { ...huge, weight: 1 }]);
    expect(counts(balancer, 1_000).get('1')).toBeGreaterThan(990);
  });

  it('are accepted while endpoints warm up', () => {
    const balancer = createBalancer<Endpoint>({ clock: fakeTime(), warmUp: { windowMs: 1_000 } });
    balancer.update([small]);
    balancer.update([small, huge]);
    expect(balancer.endpoints().map(({ weight }) => weight)).toEqual([1, 1_000_000]);
    expect(counts(balancer, 1_000).get('huge')).toBeGreaterThan(990);
  });
});

it('suspicion ends at once when breakers are switched off, and with fail-fast there is none', () => {
  for (const policy of [{ circuitBreaker: false }, { onAllOpen: 'fail-fast' }] as const) {
    const { balancer } = oneSuspect([1, 1]);
    expect(suspects(balancer)).toEqual(['0']);
    balancer.configure(policy);
    expect(suspects(balancer)).toEqual([]);
  }
  const { balancer } = oneSuspect([1, 1]);
  balancer.configure({ circuitBreaker: false });
  counts(balancer, 2);
  expect(keysOf(balancer, 4)).toMatch(/^(01){2}$|^(10){2}$/);
});

it('beside suspects alone, an endpoint that recovers is not slowed by its warm-up', () => {
  const clock = fakeTime();
  const balancer = createBalancer<Endpoint>({
    clock,
    circuitBreaker: BREAKER,
    warmUp: { windowMs: 10_000 },
  });
  balancer.update(set([1, 1, 1]));
  for (const key of ['0', '1', '2']) {
    fail(balancer, key, 1);
    clock.advance(100);
  }
  clock.advance(700); // 0 asks for its probe, 1 and 2 refuse
  succeed(balancer, 1);
  expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'closed' });
  const seen = counts(balancer, 110);
  expect(balancer.endpoints()[0]?.warmUpFactor).toBe(1);
  expect(seen.get('0')).toBeGreaterThan(105);
});
