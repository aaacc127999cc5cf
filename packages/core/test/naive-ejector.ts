import { createBalancer, type Endpoint } from '@wrr/core';
import { fail, fakeTime } from './balancer-kit.ts';

/** Bugs of outlier detection in Envoy, grpc-go and grpc-js. */
export type EjectorBug =
  /** Envoy 27066, gRFC A50: the cap is compared before the ejection it should prevent. */
  | 'checks-the-cap-before'
  /** grpc-go: a counter beside the set, which forgets that an ejected endpoint has left. */
  | 'keeps-a-counter'
  /** grpc-js: what is not known to be in is taken as ejected. */
  | 'joiners-are-ejected'
  /** A single endpoint is ejected like any other. */
  | 'ejects-the-only-one';

/** What the laws of ejection need. */
export interface EjectorUnderTest {
  update(keys: readonly string[]): void;
  /** Lets an endpoint fail until it would be ejected, were there no cap. */
  fail(key: string): void;
  /** The endpoints that are not ejected. */
  available(): string[];
}

/** A balancer whose breakers open at the first failure. */
export function realEjector(minAvailable: number): EjectorUnderTest {
  const balancer = createBalancer<Endpoint>({
    clock: fakeTime(),
    circuitBreaker: { consecutiveFailures: 1 },
    minAvailable,
  });
  return {
    update: (keys) => balancer.update(keys.map((key) => ({ key, weight: 1 }))),
    fail: (key) => fail(balancer, key, 1),
    available: () =>
      balancer
        .endpoints()
        .filter(({ ejected }) => !ejected)
        .map(({ key }) => key),
  };
}

/** The rule as one would write it down, or with one bug. */
export function naiveEjector(minAvailable: number, bug?: EjectorBug): EjectorUnderTest {
  const ejected = new Map<string, boolean>();
  let counter = 0;
  const count = (): number =>
    bug === 'keeps-a-counter' ? counter : [...ejected.values()].filter(Boolean).length;
  const mayEject = (): boolean => {
    const size = ejected.size;
    if (size === 1) return bug === 'ejects-the-only-one';
    if (bug === 'checks-the-cap-before') return count() / size < 1 - minAvailable + 0.001;
    return size - (count() + 1) >= Math.ceil(size * minAvailable);
  };
  return {
    update(keys) {
      for (const key of ejected.keys()) if (!keys.includes(key)) ejected.delete(key);
      for (const key of keys) {
        if (!ejected.has(key)) ejected.set(key, bug === 'joiners-are-ejected' && ejected.size > 0);
      }
    },
    fail(key) {
      if (ejected.get(key) === true || !mayEject()) return;
      ejected.set(key, true);
      counter++;
    },
    available: () => [...ejected].filter(([, out]) => !out).map(([key]) => key),
  };
}
