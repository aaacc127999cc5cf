import { type CallPermit, createCallGuards } from '@wrr/core';
import { describe, expect, it } from 'vitest';

const random = () => 0.5;

function fail(permit: CallPermit, now: number): void {
  if (!permit.granted) throw new Error('not granted');
  permit.settle(now, 'failure');
}

describe('call guards', () => {
  it('keep one breaker for each key', () => {
    const guards = createCallGuards({ circuitBreaker: { consecutiveFailures: 2 }, random });
    fail(guards('/a', 0), 0);
    fail(guards('/a', 0), 0);
    expect(guards('/a', 1)).toMatchObject({ granted: false, reason: 'open' });
    expect(guards('/b', 1).granted).toBe(true);
  });

  it("throttle with aegis's numbers unless told otherwise", () => {
    const guards = createCallGuards({ random });
    // Below 100 calls in 3 s aegis lets everything through.
    for (let call = 0; call < 100; call++) fail(guards('/a', 0), 0);
    expect(guards('/a', 1)).toEqual({ granted: false, reason: 'throttled', retryAfterMs: 0 });
  });

  it("settles a throttle's permit once", () => {
    const guards = createCallGuards({ throttle: { minRequests: 2, forcePassMs: 0 }, random });
    const permit = guards('/a', 0);
    for (let time = 0; time < 100; time++) fail(permit, 0);
    expect(guards('/a', 1).granted).toBe(true);
  });

  it('are bounded: beyond 1,000 keys the rest share one', () => {
    const keys: string[] = [];
    const guards = createCallGuards({
      circuitBreaker: { consecutiveFailures: 1 },
      random,
      onEvent: ({ key }) => keys.push(key),
    });
    for (let number = 0; number < 1_002; number++) guards(`/${number}`, 0);
    fail(guards('/1000', 0), 0);
    expect(keys).toEqual(['all further']);
    expect(guards('/1001', 0).granted).toBe(false);
    expect(guards('/0', 0).granted).toBe(true);
  });

  it('say what happened to which breaker, and survive a listener that throws', () => {
    const seen: string[] = [];
    const guards = createCallGuards({
      circuitBreaker: { consecutiveFailures: 1 },
      random,
      onEvent: ({ key, from, to }) => {
        seen.push(`${key} ${from} ${to}`);
        throw new Error('listener');
      },
    });
    fail(guards('/a', 0), 0);
    expect(seen).toEqual(['/a closed open']);
  });

  it('bound a probe by the deadline of its call', () => {
    const guards = createCallGuards({
      circuitBreaker: { consecutiveFailures: 1, openMs: 10, jitter: 0, probeLeaseMs: 10_000 },
      random,
    });
    fail(guards('/a', 0), 0);
    expect(guards('/a', 10, 15).granted).toBe(true);
    expect(guards('/a', 14)).toMatchObject({ granted: false, reason: 'half-open-busy' });
    expect(guards('/a', 15)).toMatchObject({ granted: false, reason: 'open' });
  });

  it.each([
    [{ throttle: {}, circuitBreaker: {} }, 'exclude each other'],
    [{ throttle: { k: 1 } }, 'k must be'],
    [{ circuitBreaker: { probes: 0 } }, 'probes must be'],
    [{ throtle: {} }, 'unknown option throtle'],
  ])('refuse %j', (options, message) => {
    expect(() => createCallGuards({ ...options, random })).toThrow(message);
  });
});
