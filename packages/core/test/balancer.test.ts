import { type BalancerEvent, createBalancer, type Endpoint } from '@wrr/core';
import { describe, expect, it } from 'vitest';
import { fail, fakeTime, keysOf, pickOne, succeed } from './balancer-kit.ts';

const three: Endpoint[] = [
  { key: 'a', weight: 5 },
  { key: 'b', weight: 1 },
  { key: 'c', weight: 1 },
];

function balancerOf(options: Partial<Parameters<typeof createBalancer>[0]> = {}) {
  const clock = fakeTime();
  const events: BalancerEvent[] = [];
  const balancer = createBalancer({ clock, onEvent: (event) => events.push(event), ...options });
  balancer.update(three);
  return { balancer, clock, events };
}

describe('picks', () => {
  it('follow nginx order over the whole set', () => {
    const { balancer } = balancerOf();
    expect(keysOf(balancer, 14)).toBe('aabacaaaabacaa');
  });

  it('avoid the endpoints that the call has tried', () => {
    const { balancer } = balancerOf();
    expect(pickOne(balancer, { tried: new Set(['a']) }).endpoint.key).toBe('b');
    expect(balancer.pick({ tried: new Set(['a', 'b', 'c']) })).toMatchObject({
      kind: 'none',
      reason: 'all-tried',
    });
    const repeated = { tried: new Set(['a', 'b', 'c']), whenAllTried: 'repeat' } as const;
    expect(balancer.pick(repeated).kind).toBe('picked');
  });

  it('say why there is none', () => {
    const { balancer } = balancerOf({ assumeAvailable: false });
    expect(balancer.pick()).toEqual({ kind: 'none', reason: 'unavailable', retryAfterMs: 0 });
    balancer.update([{ key: 'a', weight: 0 }]);
    expect(balancer.pick()).toEqual({ kind: 'none', reason: 'empty', retryAfterMs: 0 });
    balancer.update([]);
    expect(balancer.pick()).toEqual({ kind: 'none', reason: 'empty', retryAfterMs: 0 });
  });

  it('carry the endpoint with its metadata', () => {
    const { balancer } = balancerOf();
    balancer.update([{ key: 'a', weight: 1, metadata: { zone: 'z1' } }]);
    expect(pickOne(balancer).endpoint.metadata).toEqual({ zone: 'z1' });
  });
});

describe('updates', () => {
  it('keep the credit of survivors', () => {
    const { balancer } = balancerOf();
    expect(keysOf(balancer, 3)).toBe('aab');
    balancer.update([...three, { key: 'd', weight: 0 }]);
    expect(keysOf(balancer, 4)).toBe('acaa');
  });

  it('reject a bad set whole', () => {
    const { balancer } = balancerOf();
    const before = balancer.endpoints();
    expect(() => balancer.update([{ key: 'x', weight: 1.5 }])).toThrow(
      'weight of x must be an integer from 0 to 1000000, got 1.5',
    );
    expect(() => balancer.update([three[0] as Endpoint, three[0] as Endpoint])).toThrow(
      'endpoint a appears twice in one set',
    );
    expect(() => balancer.update([{ key: '', weight: 1 }])).toThrow(TypeError);
    expect(balancer.endpoints()).toEqual(before);
  });

  it('tell what has changed, once', () => {
    const { balancer, events } = balancerOf();
    events.length = 0;
    balancer.update([
      { key: 'a', weight: 1 },
      { key: 'b', weight: 1 },
      { key: 'd', weight: 2 },
    ]);
    balancer.update(balancer.endpoints());
    expect(events).toEqual([
      { type: 'endpoint-removed', key: 'c' },
      { type: 'endpoint-weight', key: 'a', weight: 1 },
      { type: 'endpoint-added', key: 'd', weight: 2 },
    ]);
  });
});

describe('attempts', () => {
  it('are counted once, whatever is reported later', () => {
    const { balancer } = balancerOf();
    const { attempt } = pickOne(balancer);
    attempt.start();
    attempt.start();
    expect(balancer.endpoints()[0]).toMatchObject({ inFlight: 1, picks: 1 });
    attempt.end('failure');
    attempt.end('success');
    expect(balancer.endpoints()[0]).toMatchObject({ inFlight: 0, failures: 1, successes: 0 });
  });

  it('that never started say nothing about the endpoint', () => {
    const { balancer } = balancerOf();
    for (let i = 0; i < 100; i++) pickOne(balancer).attempt.end('failure');
    expect(balancer.endpoints().map(({ failures, breaker }) => [failures, breaker])).toEqual(
      three.map(() => [0, 'closed']),
    );
  });

  it('that end after their endpoint has left change nothing', () => {
    const { balancer, events } = balancerOf({ circuitBreaker: { consecutiveFailures: 1 } });
    const { attempt, endpoint } = pickOne(balancer);
    attempt.start();
    balancer.update(three.filter(({ key }) => key !== endpoint.key));
    const before = balancer.endpoints();
    events.length = 0;
    attempt.end('failure');
    expect(balancer.endpoints()).toEqual(before);
    expect(events).toEqual([]);
  });
});

describe('breakers', () => {
  it('eject an endpoint that fails, and let it back through a probe', () => {
    const { balancer, clock, events } = balancerOf({
      circuitBreaker: { consecutiveFailures: 3, openMs: 1_000, jitter: 0, probes: 1 },
    });
    fail(balancer, 'a', 3);
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'open', ejected: true });
    expect(keysOf(balancer, 4)).toBe('bcbc');
    clock.advance(1_000);
    const probe = pickOne(balancer, { tried: new Set(['b', 'c']) });
    expect(probe.endpoint.key).toBe('a');
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'half-open', ejected: true });
    probe.attempt.start();
    probe.attempt.end('success');
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'closed', ejected: false });
    expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([
      { key: 'a', from: 'closed', to: 'open' },
      { key: 'a', from: 'open', to: 'half-open' },
      { key: 'a', from: 'half-open', to: 'closed' },
    ]);
  });

  it('never eject more than minAvailable allows', () => {
    const { balancer } = balancerOf();
    fail(balancer, 'a', 5);
    fail(balancer, 'b', 5);
    expect(
      balancer.endpoints().map(({ breaker, ejected, suspect }) => [breaker, ejected, suspect]),
    ).toEqual([
      ['open', true, false],
      ['open', false, true],
      ['closed', false, false],
    ]);
    // A suspect has a hundredth of its weight: one call of 101.
    expect(keysOf(balancer, 202).split('b')).toHaveLength(3);
  });

  it('never eject the only endpoint', () => {
    const { balancer } = balancerOf();
    balancer.update([{ key: 'a', weight: 5 }]);
    fail(balancer, 'a', 50);
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'open', ejected: false });
    expect(keysOf(balancer, 2)).toBe('aa');
  });

  it('are ignored in panic: when lost connections leave fewer than minAvailable', () => {
    const { balancer, events } = balancerOf();
    fail(balancer, 'a', 5);
    balancer.setAvailable('b', false);
    expect(balancer.panic).toBe(true);
    expect(keysOf(balancer, 6)).toContain('a');
    expect(events.at(-1)).toEqual({ type: 'panic', active: true, available: 1, required: 2 });
    balancer.setAvailable('b', true);
    expect(balancer.panic).toBe(false);
    expect(keysOf(balancer, 6)).not.toContain('a');
    expect(events.at(-1)).toEqual({ type: 'panic', active: false, available: 2, required: 2 });
  });

  it('are not ignored because connections are lost, as long as none is open', () => {
    const { balancer, events } = balancerOf({ minAvailable: 1 });
    balancer.setAvailable('b', false);
    balancer.update(three.map((endpoint) => ({ ...endpoint })));
    expect(balancer.panic).toBe(false);
    expect(events.filter(({ type }) => type === 'panic')).toEqual([]);
  });

  it('are always obeyed with fail-fast, and the pick says when to retry', () => {
    const { balancer, clock } = balancerOf({
      onAllOpen: 'fail-fast',
      circuitBreaker: { openMs: 1_000, jitter: 0 },
    });
    for (const { key } of three) {
      fail(balancer, key, 5);
      clock.advance(100);
    }
    expect(balancer.pick()).toEqual({ kind: 'none', reason: 'all-open', retryAfterMs: 700 });
    clock.advance(700);
    expect(pickOne(balancer).endpoint.key).toBe('a');
  });

  it('can be switched off and on again while running', () => {
    const { balancer } = balancerOf();
    balancer.configure({ circuitBreaker: false });
    fail(balancer, 'a', 50);
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'off', ejected: false });
    balancer.configure({ circuitBreaker: { consecutiveFailures: 2 } });
    fail(balancer, 'a', 2);
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'open', ejected: true });
    balancer.configure({ circuitBreaker: false });
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'off', ejected: false });
    expect(keysOf(balancer, 7)).toContain('a');
  });
});

describe('options', () => {
  it.each([
    [{ minAvailable: 1.5 }, 'minAvailable must be in [0, 1], got 1.5'],
    [{ minAvailable: Number.NaN }, 'minAvailable must be in [0, 1], got NaN'],
    [{ warmUp: { windowMs: 0 } }, 'warmUp.windowMs must be > 0, got 0'],
    [{ warmUp: { windowMs: 1, minimum: 0 } }, 'warmUp.minimum must be in (0, 1], got 0'],
    [
      { warmUp: { windowMs: 1, afterUnavailableMs: -1 } },
      'warmUp.afterUnavailableMs must be >= 0, got -1',
    ],
    [{ onAllOpen: 'never' as 'panic' }, "onAllOpen must be 'panic' or 'fail-fast', got never"],
  ])('%j is rejected, at creation and later', (options, message) => {
    expect(() => createBalancer({ clock: fakeTime(), ...options })).toThrow(message);
    const { balancer } = balancerOf();
    expect(() => balancer.configure(options)).toThrow(message);
  });

  it('with a wrong breaker option are rejected before anything has changed', () => {
    const { balancer } = balancerOf();
    expect(() => balancer.configure({ circuitBreaker: { openMs: -1 } })).toThrow(/openMs/);
    fail(balancer, 'a', 5);
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'open' });
  });
});

it('a listener that throws, or that uses the balancer, changes nothing', () => {
  const clock = fakeTime();
  const seen: string[] = [];
  const balancer = createBalancer({
    clock,
    onEvent: (event) => {
      seen.push(`${event.type} of ${balancer.endpoints().length}`);
      balancer.pick();
      throw new Error('listener');
    },
  });
  balancer.update(three);
  expect(seen).toEqual(['endpoint-added of 3', 'endpoint-added of 3', 'endpoint-added of 3']);
  succeed(balancer, 7);
  expect(balancer.endpoints().map(({ key }) => key)).toEqual(['a', 'b', 'c']);
});
