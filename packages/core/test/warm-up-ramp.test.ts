import { createBalancer, type Endpoint } from '@wrr/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fail, fakeTime, keysOf, pickOne, succeed } from './balancer-kit.ts';

const a: Endpoint = { key: 'a', weight: 1 };
const b: Endpoint = { key: 'b', weight: 1 };
const c: Endpoint = { key: 'c', weight: 1 };

function warming(options: Partial<Parameters<typeof createBalancer>[0]> = {}) {
  const clock = fakeTime();
  const balancer = createBalancer<Endpoint>({ clock, warmUp: { windowMs: 1_000 }, ...options });
  balancer.update([a, b]);
  return { balancer, clock };
}

const share = (keys: string, key: string) => keys.split(key).length - 1;

it('a joiner grows from a tenth of its share to all of it', () => {
  const { balancer, clock } = warming();
  balancer.update([a, b, c]);
  const shares = Array.from({ length: 12 }, () => {
    const seen = share(keysOf(balancer, 300), 'c');
    clock.advance(100);
    return seen;
  });
  expect(shares[0]).toBeLessThan(25);
  expect(shares.slice(1)).toEqual(shares.slice(1).toSorted((x, y) => x - y));
  expect(shares[11]).toBe(100);
});

it('S2: nobody is slowed while all of them are new', () => {
  const { balancer } = warming();
  expect(keysOf(balancer, 4)).toBe('abab');
  expect(balancer.endpoints().map(({ warmUpFactor }) => warmUpFactor)).toEqual([1, 1]);
});

it.each([
  ['ejected', 0.5],
  ['suspect', 1],
] as const)(
  'S2: nobody is slowed when only an endpoint that is %s is not new',
  (how, minAvailable) => {
    const circuitBreaker = { consecutiveFailures: 1, openMs: 60_000 };
    const { balancer, clock } = warming({ circuitBreaker, minAvailable });
    balancer.update([a, b, c, { key: 'drained', weight: 0 }]);
    clock.advance(1_000);
    keysOf(balancer, 1);
    fail(balancer, 'c', 1);
    expect(balancer.endpoints()[2]).toMatchObject({ [how]: true });
    for (const key of ['a', 'b']) balancer.setAvailable(key, false);
    clock.advance(1_000);
    for (const key of ['a', 'b']) balancer.setAvailable(key, true);
    keysOf(balancer, 2);
    expect(balancer.endpoints().map(({ warmUpFactor }) => warmUpFactor)).toEqual([1, 1, 1, 1]);
  },
);

it('one that has warmed up is not new any more: who joins beside it is slowed', () => {
  const { balancer, clock } = warming();
  balancer.update([a, b, c]);
  keysOf(balancer, 1);
  clock.advance(1_000);
  keysOf(balancer, 1);
  balancer.update([c, { key: 'd', weight: 1 }]);
  expect(share(keysOf(balancer, 110), 'd')).toBeLessThan(15);
});

it('begins at the minimum', () => {
  const { balancer } = warming({ warmUp: { windowMs: 1_000, minimum: 0.5 } });
  balancer.update([a, b, c]);
  keysOf(balancer, 5);
  expect(share(keysOf(balancer, 250), 'c')).toBe(50);
  expect(balancer.endpoints()[2]?.warmUpFactor).toBe(0.5);
});

it('an endpoint that leaves while it warms up does not come back', () => {
  const { balancer, clock } = warming();
  balancer.update([a, b, c]);
  keysOf(balancer, 5);
  balancer.update([a, b]);
  for (let i = 0; i < 5; i++) {
    clock.advance(300);
    expect(keysOf(balancer, 4)).toMatch(/^[ab]{4}$/);
  }
  balancer.update([a, b, c]);
  keysOf(balancer, 5);
  balancer.update([a, b]);
  balancer.configure({ warmUp: false });
  expect(keysOf(balancer, 4)).toMatch(/^[ab]{4}$/);
});

it('an endpoint whose breaker has closed again warms up', () => {
  const { balancer, clock } = warming({
    circuitBreaker: { consecutiveFailures: 1, openMs: 100, jitter: 0, probes: 1 },
  });
  fail(balancer, 'b', 1);
  clock.advance(100);
  succeed(balancer, 2);
  expect(balancer.endpoints()[1]).toMatchObject({ breaker: 'closed', ejected: false });
  expect(share(keysOf(balancer, 100), 'b')).toBeLessThan(15);
  clock.advance(1_000);
  expect(share(keysOf(balancer, 100), 'b')).toBe(50);
});

it('an endpoint that was away warms up, one that reconnected at once does not', () => {
  const { balancer, clock } = warming();
  balancer.setAvailable('b', false);
  clock.advance(50);
  balancer.setAvailable('b', true);
  expect(share(keysOf(balancer, 100), 'b')).toBe(50);
  balancer.setAvailable('b', false);
  clock.advance(1_000);
  balancer.setAvailable('b', true);
  expect(share(keysOf(balancer, 100), 'b')).toBeLessThan(15);
});

it('S3: an endpoint that warms up is not starved', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }),
      (weights) => {
        const clock = fakeTime();
        const balancer = createBalancer<Endpoint>({ clock, warmUp: { windowMs: 1_000 } });
        const old = weights.map((weight, i): Endpoint => ({ key: String(i), weight }));
        balancer.update(old);
        balancer.update([...old, { key: 'new', weight: 10 }]);
        // At a tenth of its weight, the joiner's fair interval is this many picks; S3 allows two.
        const interval = weights.reduce((sum, weight) => sum + weight, 0) + 1;
        const picks = Array.from({ length: 2 * interval + weights.length }, () =>
          pickOne(balancer),
        );
        expect(picks.some(({ endpoint }) => endpoint.key === 'new')).toBe(true);
      },
    ),
  );
});

it('S4: a clock that stands still or steps back never lowers a factor', () => {
  const { balancer, clock } = warming();
  balancer.update([a, b, c]);
  keysOf(balancer, 1);
  clock.advance(500);
  keysOf(balancer, 1);
  const before = balancer.endpoints()[2]?.warmUpFactor ?? 0;
  clock.advance(-400);
  keysOf(balancer, 10);
  expect(balancer.endpoints()[2]?.warmUpFactor).toBeGreaterThanOrEqual(before);
});

it('is switched off live: everyone has the full weight at once', () => {
  const { balancer } = warming();
  balancer.update([a, b, c]);
  keysOf(balancer, 1);
  expect(balancer.endpoints()[2]?.warmUpFactor).toBeLessThan(1);
  balancer.configure({ warmUp: false });
  expect(balancer.endpoints()[2]?.warmUpFactor).toBe(1);
});
