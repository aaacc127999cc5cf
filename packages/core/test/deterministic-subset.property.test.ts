import { createBalancer, deterministicSubset, type Endpoint } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const keyOf = (number: number): string => `10.0.${Math.floor(number / 250)}.${number % 250}:50051`;
const endpointsOf = (count: number, from = 0): Endpoint[] =>
  Array.from({ length: count }, (_, index) => ({ key: keyOf(from + index), weight: 1 }));
const keysOf = (endpoints: readonly Endpoint[]): Set<string> =>
  new Set(endpoints.map(({ key }) => key));

/** How many of the first set are not in the second. */
function lost(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  return [...before].filter((key) => !after.has(key)).length;
}

/** Numbers of clients of each endpoint. */
function clientsOf(
  endpoints: readonly Endpoint[],
  subsets: readonly (readonly Endpoint[])[],
): number[] {
  const counts = new Map(endpoints.map(({ key }) => [key, 0]));
  for (const { key } of subsets.flat()) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()];
}

const set = fc.integer({ min: 1, max: 400 }).map((count) => endpointsOf(count));
const size = fc.integer({ min: 1, max: 40 });

describe('a subset by index', () => {
  it('gives any two endpoints the same number of clients, or one more, for any number of clients', () => {
    fc.assert(
      fc.property(set, size, fc.integer({ min: 1, max: 200 }), (endpoints, least, clients) => {
        const subsets = Array.from({ length: clients }, (_, clientIndex) =>
          deterministicSubset({ size: least, clientIndex })(endpoints),
        );
        const counts = clientsOf(endpoints, subsets);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        if (clients * least >= endpoints.length) expect(Math.min(...counts)).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it('has between the size and twice the size, and all of a smaller set', () => {
    fc.assert(
      fc.property(set, size, fc.nat(2 ** 32 - 1), (endpoints, least, clientIndex) => {
        const { length } = deterministicSubset({ size: least, clientIndex })(endpoints);
        expect(length).toBeGreaterThanOrEqual(Math.min(least, endpoints.length));
        expect(length).toBeLessThanOrEqual(2 * least);
      }),
    );
  });

  it('changes by two members at most when one endpoint joins or leaves', () => {
    fc.assert(
      fc.property(set, size, fc.nat(10_000), (endpoints, least, clientIndex) => {
        const subset = deterministicSubset({ size: least, clientIndex });
        const arcs = (count: number) => Math.floor(Math.log2(Math.max(1, count / least)));
        fc.pre(arcs(endpoints.length) === arcs(endpoints.length + 1)); // see the next test
        const before = keysOf(subset(endpoints));
        const after = keysOf(subset([...endpoints, { key: 'joins:1', weight: 3 }]));
        expect(lost(before, after)).toBeLessThanOrEqual(2);
        expect(lost(after, before)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is halved, and keeps that half, when the set grows past a power of two', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 4 }), fc.nat(10_000), (least, k, clientIndex) => {
        const subset = deterministicSubset({ size: least, clientIndex });
        const before = keysOf(subset(endpointsOf(least * 2 ** k - 1)));
        const after = keysOf(subset(endpointsOf(least * 2 ** k)));
        expect(after.size).toBe(least);
        expect(lost(after, before)).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('a subset by name', () => {
  it('has exactly the size, and changes only for the clients of what joins or leaves', () => {
    fc.assert(
      fc.property(set, size, fc.string({ minLength: 1 }), (endpoints, least, clientId) => {
        const subset = deterministicSubset({ size: least, clientId });
        const joining = { key: 'joins:1', weight: 1 };
        const before = keysOf(subset(endpoints));
        const after = keysOf(subset([...endpoints, joining]));
        expect(before.size).toBe(Math.min(least, endpoints.length));
        const makesRoom = after.has(joining.key) && endpoints.length >= least;
        expect(lost(before, after)).toBe(makesRoom ? 1 : 0);
        expect(lost(after, before)).toBe(after.has(joining.key) ? 1 : 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('spreads clients over all endpoints as chance does', () => {
    const endpoints = endpointsOf(200);
    const subsets = Array.from({ length: 1_000 }, (_, index) =>
      deterministicSubset({ size: 20, clientId: `user-service-7d4b9c-${index}` })(endpoints),
    );
    const counts = clientsOf(endpoints, subsets);
    // Binomial with mean 100 and a standard deviation of 9.5.
    expect(Math.min(...counts)).toBeGreaterThan(100 - 5 * 9.5);
    expect(Math.max(...counts)).toBeLessThan(100 + 5 * 9.5);
    const variance = counts.reduce((sum, count) => sum + (count - 100) ** 2, 0) / counts.length;
    expect(variance).toBeLessThan(2 * 9.5 ** 2);
  });
});

const either = fc.oneof(
  fc.nat(10_000).map((clientIndex) => ({ clientIndex })),
  fc.string({ minLength: 1 }).map((clientId) => ({ clientId })),
);

describe('any subset', () => {
  it('does not depend on the order of the set, and keeps it', () => {
    fc.assert(
      fc.property(set, size, either, (endpoints, least, client) => {
        const subset = deterministicSubset({ size: least, ...client });
        const chosen = subset(endpoints);
        expect(keysOf(subset(endpoints.toReversed()))).toEqual(keysOf(chosen));
        expect(chosen).toEqual(endpoints.filter((endpoint) => chosen.includes(endpoint)));
      }),
    );
  });

  it('leaves drained endpoints out, unless all are drained', () => {
    fc.assert(
      fc.property(set, size, either, fc.nat(), (endpoints, least, client, salt) => {
        const subset = deterministicSubset({ size: least, ...client });
        const some = endpoints.map((endpoint, index) => ({
          ...endpoint,
          weight: (index * 7 + salt) % 3 === 0 ? 0 : 1,
        }));
        const serving = some.filter(({ weight }) => weight > 0);
        expect(subset(some)).toEqual(subset(serving.length === 0 ? some : serving));
        const drained = endpoints.map((endpoint) => ({ ...endpoint, weight: 0 }));
        expect(keysOf(subset(drained))).toEqual(keysOf(subset(endpoints)));
      }),
    );
  });

  it('narrows the sets of a balancer', () => {
    const subset = deterministicSubset({ size: 3, clientIndex: 1 });
    const balancer = createBalancer({ clock: { now: () => 0 }, subset });
    balancer.update(endpointsOf(100));
    expect(keysOf(balancer.endpoints())).toEqual(keysOf(subset(endpointsOf(100))));
    expect(balancer.endpoints().length).toBeLessThan(7);
  });
});

it.each([
  [{ size: 0, clientIndex: 0 }, 'subset.size must be an integer >= 1 and <= 1000000, got 0'],
  [{ size: 1.5, clientIndex: 0 }, 'subset.size'],
  [{ size: 2 }, 'subset needs one of clientIndex and clientId'],
  [{ size: 2, clientIndex: 0, clientId: 'a' }, 'subset needs one of clientIndex and clientId'],
  [{ size: 2, clientIndex: -1 }, 'subset.clientIndex must be an integer >= 0'],
  [{ size: 2, clientIndex: 2 ** 32 }, 'subset.clientIndex'],
  [{ size: 2, clientId: '' }, 'subset.clientId must be a non-empty string, got '],
  [{ size: 2, clientIdx: 1 }, 'unknown option clientIdx of subset'],
])('refuses %j', (options, message) => {
  expect(() => deterministicSubset(options as never)).toThrow(message);
});
