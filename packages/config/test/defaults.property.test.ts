import {
  type CircuitBreakerSettings,
  durationMs,
  loadConfig,
  type WarmUpSettings,
} from '@wrr/config';
import { type BalancerPolicy, createBalancer } from '@wrr/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFile } from './sample.ts';

/** Core's form of options: a duration `x` is `xMs`. */
function inCoreUnits(options: CircuitBreakerSettings | WarmUpSettings): object {
  const entries = Object.entries(options).map(([name, value]) => {
    return typeof value === 'string' ? [`${name}Ms`, durationMs(value)] : [name, value];
  });
  return Object.fromEntries(entries);
}

type Step =
  | { readonly kind: 'succeed' | 'fail' | 'hang' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'down' | 'up'; readonly key: string }
  | { readonly kind: 'set'; readonly size: number };

const keys = ['a', 'b', 'c', 'd'];
const fail: Step = { kind: 'fail' };
const hang: Step = { kind: 'hang' };
const wait = (ms: number): Step => ({ kind: 'wait', ms });
const calls = (step: Step) => Array.from({ length: 12 }, () => step);

/** Histories that reach every default: long outages, endpoints away for a while, lost probes. */
const history: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant([fail]) },
      { weight: 8, arbitrary: fc.constant<Step[]>([{ kind: 'succeed' }]) },
      { weight: 2, arbitrary: fc.constant([hang]) },
      fc.constantFrom(100, 900, 1_500, 7_000, 9_500).map((ms) => [wait(ms)]),
      fc.integer({ min: 1, max: 4 }).map((size): Step[] => [{ kind: 'set', size }]),
      fc
        .tuple(fc.constantFrom(...keys), fc.constantFrom(500, 1_500, 3_000))
        .map(([key, ms]): Step[] => [{ kind: 'down', key }, wait(ms), { kind: 'up', key }]),
      fc
        .array(fc.constantFrom(2_000, 40_000, 70_000), { minLength: 7, maxLength: 9 })
        .map((times) => times.flatMap((ms) => [wait(ms), fail, fail])),
      fc.constantFrom(9_500, 11_000).map((ms) => {
        const trip = [...calls(fail), wait(1_200)];
        return [...trip, ...calls({ kind: 'succeed' }), wait(ms), ...trip];
      }),
      fc
        .constantFrom(9_500, 10_500)
        .map((ms) => [fail, fail, fail, fail, wait(2_000), hang, wait(ms)]),
    ),
    { minLength: 30, maxLength: 120 },
  )
  .map((steps) => steps.flat());

/** Everything that can be seen of a balancer over a history. */
function watch(policy: BalancerPolicy, steps: readonly Step[]): unknown[] {
  let now = 0;
  const seen: unknown[] = [];
  const balancer = createBalancer({ ...policy, clock: { now: () => now }, random: () => 0.3 });
  const update = (size: number) =>
    balancer.update(keys.slice(0, size).map((name) => ({ key: name, weight: 1 })));
  update(2);
  for (const event of steps) {
    now += 7;
    if (event.kind === 'wait') now += event.ms;
    else if (event.kind === 'set') update(event.size);
    else if (event.kind === 'up' || event.kind === 'down') {
      balancer.setAvailable(event.key, event.kind === 'up');
    } else {
      const pick = balancer.pick();
      seen.push(pick.kind === 'picked' ? pick.endpoint.key : pick);
      if (pick.kind !== 'picked') continue;
      pick.attempt.start();
      now += 3;
      if (event.kind !== 'hang') pick.attempt.end(event.kind === 'fail' ? 'failure' : 'success');
    }
    seen.push(balancer.endpoints());
  }
  return seen;
}

it('has the defaults of core: no history tells them apart', async () => {
  const file = await temporaryFile('services: { a: { target: x, warmUp: { window: 20s } } }');
  const { settings } = await loadConfig(file, { env: {} });
  const { a: service } = settings.services;
  if (!service?.circuitBreaker || !service.warmUp) throw new Error('no breaker, no warm-up');
  const { minAvailable, onAllOpen } = service;
  const stated: BalancerPolicy = {
    circuitBreaker: inCoreUnits(service.circuitBreaker),
    warmUp: inCoreUnits(service.warmUp) as { windowMs: number },
    minAvailable,
    onAllOpen,
  };
  const seen = { open: 0, warming: 0 };
  fc.assert(
    fc.property(history, (steps) => {
      const unstated = watch({ warmUp: { windowMs: 20_000 } }, steps);
      expect(watch(stated, steps)).toEqual(unstated);
      const text = JSON.stringify(unstated);
      if (text.includes('"breaker":"open"')) seen.open++;
      if (/"warmUpFactor":0/.test(text)) seen.warming++;
    }),
    { numRuns: 200 },
  );
  expect(seen.open).toBeGreaterThan(20);
  expect(seen.warming).toBeGreaterThan(20);
}, 60_000);
