import { createBalancer, deterministicSubset, type Endpoint } from '@wrr/core';
import { adaptiveDispatch } from '@wrr/core/adaptive';
import { expect, it } from 'vitest';

// What the guide to dispatch shows: docs/guides/dispatch.md.

it('a balancer with adaptive dispatch', () => {
  // #region adaptive
  const balancer = createBalancer<Endpoint>({
    clock: performance,
    random: Math.random,
    dispatch: adaptiveDispatch(),
  });
  balancer.update([
    { key: '10.0.0.1:50051', weight: 1 },
    { key: '10.0.0.2:50051', weight: 2 },
  ]);

  const pick = balancer.pick();
  if (pick.kind === 'picked') {
    pick.attempt.start();
    // The call to pick.endpoint.key. If its server said how many requests it has in flight:
    pick.attempt.end('success', { report: { inFlight: 3 } });
  }

  for (const { key, load } of balancer.endpoints()) {
    console.log(key, load?.level, load?.latencyMultiplier, load?.phantom);
  }
  // #endregion adaptive
  expect(pick.kind).toBe('picked');
  expect(balancer.endpoints().every(({ load }) => load !== undefined)).toBe(true);
});

it('a balancer that calls a part of a large set', () => {
  // #region subset
  const balancer = createBalancer<Endpoint>({
    clock: performance,
    random: Math.random,
    dispatch: adaptiveDispatch(),
    subset: deterministicSubset({ size: 20, clientIndex: 7 }),
  });
  // #endregion subset
  balancer.update(
    Array.from({ length: 1_000 }, (_, i) => ({ key: `10.0.0.${i}:50051`, weight: 1 })),
  );
  const { length } = balancer.endpoints();
  expect(length).toBeGreaterThanOrEqual(20);
  expect(length).toBeLessThanOrEqual(40);
});
