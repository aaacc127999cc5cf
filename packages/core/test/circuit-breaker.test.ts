import { type CircuitBreakerEvent, createCircuitBreaker } from '@wrr/core';
import { describe, expect, it } from 'vitest';

function settle(breaker: ReturnType<typeof createCircuitBreaker>, now: number, ok: boolean): void {
  breaker.settle(breaker.acquire(now), now, ok ? 'success' : 'failure');
}

/** The first open time at one random sample. */
function openTime(sample: number): number {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1, random: () => sample });
  settle(breaker, 0, false);
  return breaker.retryAfterMs(0);
}

describe('circuit breaker', () => {
  it('opens after five failures in a row, probes after openMs, closes after three successes', () => {
    const events: CircuitBreakerEvent[] = [];
    const breaker = createCircuitBreaker({ onEvent: (event) => events.push(event) });
    for (let i = 0; i < 5; i++) settle(breaker, i, false);
    expect(breaker.state).toBe('open');
    expect(breaker.tryAcquire(5)).toEqual({ granted: false, reason: 'open', retryAfterMs: 999 });
    expect(breaker.pickable(1_003)).toBe(false);
    expect(breaker.pickable(1_004)).toBe(true);

    const probe = breaker.tryAcquire(1_004);
    expect(probe.granted).toBe(true);
    expect(breaker.tryAcquire(1_004)).toMatchObject({ granted: false, reason: 'half-open-busy' });
    if (probe.granted) probe.settle(1_010, 'success');
    settle(breaker, 1_010, true);
    settle(breaker, 1_010, true);
    expect(breaker.state).toBe('closed');
    expect(events.map(({ from, to, reason }) => `${from} → ${to}: ${reason}`)).toEqual([
      'closed → open: consecutive-failures',
      'open → half-open: open-time-over',
      'half-open → closed: probes-succeeded',
    ]);
  });

  it('opens when half of at least 20 calls in the window failed', () => {
    const breaker = createCircuitBreaker({ consecutiveFailures: false });
    for (let i = 0; i < 19; i++) settle(breaker, i, i % 2 === 0);
    expect(breaker.state).toBe('closed');
    settle(breaker, 19, false);
    expect(breaker.state).toBe('open');
  });

  it('opens on slow calls', () => {
    const options = { slowCallRate: 0.5, slowCallMs: 100, minimumCalls: 4 };
    const breaker = createCircuitBreaker(options);
    for (const latencyMs of [100, 100, 101, 101]) {
      expect(breaker.state).toBe('closed');
      breaker.settle(breaker.acquire(0), 0, 'success', latencyMs);
    }
    expect(breaker.state).toBe('open');
  });

  it('refuses all calls while forced open, and starts afresh afterwards', () => {
    const breaker = createCircuitBreaker();
    breaker.force('open');
    expect(breaker.tryAcquire(1)).toEqual({
      granted: false,
      reason: 'forced-open',
      retryAfterMs: 60_000,
    });
    expect([breaker.state, breaker.mode]).toEqual(['open', 'open']);
    breaker.force('auto');
    expect([breaker.state, breaker.mode]).toEqual(['closed', 'auto']);
    expect(breaker.pickable(1)).toBe(true);
  });

  it.each([
    [{ consecutiveFailures: 0 }, /^consecutiveFailures must be an integer >= 1 .*, got 0$/],
    [{ failureRate: 1.5 }, /^failureRate must be a number > 0 and <= 1, got 1.5$/],
    [{ slowCallRate: 0.5 }, /^slowCallMs must be .*, got Infinity$/],
    [{ windowMs: -5 }, /^windowMs must be a number > 0 .*, got -5$/],
    [{ maxOpenMs: 10 }, /^maxOpenMs must be a number >= 1000 .*, got 10$/],
    [{ jitter: 1 }, /^jitter must be a number >= 0 and < 1, got 1$/],
    [{ openMs: '1s' as unknown as number }, /^openMs must be .*, got "1s"$/],
  ])('rejects %o', (options, message) => {
    expect(() => createCircuitBreaker(options)).toThrow(message);
  });

  it('rejects unknown options', () => {
    const options = { failurerate: 1 } as object;
    expect(() => createCircuitBreaker(options)).toThrow(/^unknown option failurerate/);
  });
});

describe('reconfigure', () => {
  it('keeps state, trips, counts and the listener', () => {
    const events: CircuitBreakerEvent[] = [];
    const options = { consecutiveFailures: false, minimumCalls: 10 } as const;
    const breaker = createCircuitBreaker({ ...options, onEvent: (event) => events.push(event) });
    for (let i = 0; i < 9; i++) settle(breaker, 5_000, false);
    breaker.reconfigure({ ...options, windowMs: 20_000 }, 5_000);
    settle(breaker, 5_000, false);
    expect([breaker.state, breaker.trips, events.length]).toEqual(['open', 1, 1]);
    breaker.reconfigure({ ...options, openMs: 10 }, 5_010);
    expect([breaker.state, breaker.retryAfterMs(5_010)]).toEqual(['open', 990]);
  });

  it('forgets what is outside a shorter window', () => {
    const options = { consecutiveFailures: false, minimumCalls: 10 } as const;
    const breaker = createCircuitBreaker(options);
    for (let i = 0; i < 9; i++) settle(breaker, 1_000, false);
    breaker.reconfigure({ ...options, windowMs: 1_000 }, 5_000);
    settle(breaker, 5_000, false);
    expect(breaker.state).toBe('closed');
  });

  it('cuts an open time to the new maximum', () => {
    const breaker = createCircuitBreaker({ consecutiveFailures: 1, openMs: 60_000 });
    settle(breaker, 0, false);
    breaker.reconfigure({ openMs: 100, maxOpenMs: 500, jitter: 0.1 });
    expect(breaker.retryAfterMs(0)).toBeCloseTo(550, 6);
  });

  it('closes when the probes so far are enough', () => {
    const breaker = createCircuitBreaker({ consecutiveFailures: 1, probes: 3 });
    settle(breaker, 0, false);
    settle(breaker, 1_000, true);
    settle(breaker, 1_000, true);
    const heard: unknown[] = [];
    breaker.reconfigure({ probes: 2, onEvent: (event) => heard.push(event) });
    expect(breaker.state).toBe('closed');
    // Only that: what happened before anybody listened is over.
    expect(heard).toMatchObject([{ to: 'closed', reason: 'probes-succeeded' }]);
  });

  it('counts slow calls from the moment it is told to', () => {
    const slow = { slowCallRate: 1, slowCallMs: 10, minimumCalls: 3 };
    const breaker = createCircuitBreaker({ minimumCalls: 3 });
    for (let i = 0; i < 5; i++) breaker.settle(breaker.acquire(0), 0, 'success', 100);
    breaker.reconfigure(slow, 20_000);
    for (let i = 0; i < 3; i++) {
      expect(breaker.state).toBe('closed');
      breaker.settle(breaker.acquire(20_000), 20_000, 'success', 100);
    }
    expect(breaker.state).toBe('open');
  });

  it('takes over a new source of randomness, and keeps the old one without', () => {
    const options = {
      consecutiveFailures: 1,
      openMs: 1_000,
      maxOpenMs: 1_000,
      jitter: 0.5,
      probes: 1,
    };
    const breaker = createCircuitBreaker({ ...options, random: () => 0 });
    const openTimes = [0, 10_000, 20_000].map((now, i) => {
      if (i === 1) breaker.reconfigure({ ...options, random: () => 0.75 });
      if (i === 2) breaker.reconfigure(options);
      settle(breaker, now, false);
      const wait = breaker.retryAfterMs(now);
      settle(breaker, now + wait, true);
      return wait;
    });
    // The sample of an open time is drawn when the one before it begins.
    expect(openTimes).toEqual([500, 500, 1_250]);
  });

  it('does not count slow calls while no rule asks for them', () => {
    const breaker = createCircuitBreaker({ slowCallMs: 10 });
    breaker.settle(breaker.acquire(0), 0, 'success', 100);
    expect(breaker.toJSON().window.buckets.slice(-3)).toEqual([1, 0, 0]);
    breaker.reconfigure({ slowCallMs: 10, windowMs: 20_000 });
    breaker.settle(breaker.acquire(0), 0, 'success', 100);
    expect(breaker.toJSON().window.buckets.slice(-3)).toEqual([2, 0, 0]);
  });

  it('gives up a slow probe while slow calls are counted, and only then', () => {
    for (const [slowCallRate, state] of [
      [0.5, 'open'],
      [false, 'closed'],
    ] as const) {
      const breaker = createCircuitBreaker({
        consecutiveFailures: 1,
        slowCallRate,
        slowCallMs: 10,
        probes: 1,
      });
      settle(breaker, 0, false);
      breaker.settle(breaker.acquire(1_000), 1_000, 'success', 11);
      expect(breaker.state).toBe(state);
    }
  });

  it('changes nothing when an option is wrong', () => {
    const breaker = createCircuitBreaker({ consecutiveFailures: 3 });
    settle(breaker, 0, false);
    const before = JSON.stringify(breaker);
    expect(() => breaker.reconfigure({ consecutiveFailures: 1, windowMs: 0 })).toThrow(/^windowMs/);
    expect(JSON.stringify(breaker)).toBe(before);
    settle(breaker, 0, false);
    expect(breaker.state).toBe('closed');
  });
});

it('rejects a mode that there is not, before anything has changed', () => {
  const breaker = createCircuitBreaker();
  const before = JSON.stringify(breaker);
  expect(() => breaker.force('ajar' as never)).toThrow(
    /^mode must be auto, open or closed, got ajar$/,
  );
  expect(JSON.stringify(breaker)).toBe(before);
});

it('its plain data is the same alone, in an object and in a list', () => {
  const breaker = createCircuitBreaker();
  const json = JSON.stringify(breaker);
  expect(JSON.stringify({ breaker })).toBe(`{"breaker":${json}}`);
  expect(JSON.stringify([breaker, breaker])).toBe(`[${json},${json}]`);
});

it('moved to another clock, a result from before the move changes nothing', () => {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1 });
  breaker.acquire(1_000);
  const last = breaker.acquire(1_000);
  const moved = createCircuitBreaker({ consecutiveFailures: 1 }, breaker.toJSON(1_500), 70);
  expect(moved.toJSON().since).toBe(breaker.toJSON().since - 1_430);
  for (const token of [last - 1, last]) moved.settle(token, 80, 'failure');
  expect(moved.state).toBe('closed');
  settle(moved, 80, false);
  expect(moved.state).toBe('open');
});

it('I7: in plain data, too, the mode overrules the state', () => {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1 });
  settle(breaker, 0, false);
  const forced = createCircuitBreaker({}, { ...breaker.toJSON(), mode: 'closed' });
  expect([forced.state, forced.pickable(1), forced.acquire(1) > 0]).toEqual(['closed', true, true]);
});

it('a permit that has been settled changes nothing any more, not even the time', () => {
  const breaker = createCircuitBreaker();
  const permit = breaker.tryAcquire(0);
  if (!permit.granted) throw new Error('refused');
  permit.settle(10, 'success');
  const before = JSON.stringify(breaker);
  permit.settle(999, 'failure');
  expect(JSON.stringify(breaker)).toBe(before);
});

it('its plain data is a copy: what happens later does not change it', () => {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1, probes: 2, probeConcurrency: 2 });
  settle(breaker, 0, false);
  const probe = breaker.acquire(1_000);
  const json = breaker.toJSON();
  const before = JSON.stringify(json);
  breaker.acquire(1_000);
  breaker.settle(probe, 1_000, 'success');
  expect(JSON.stringify(json)).toBe(before);
});

it('forgives a trip for every window spent closed', () => {
  const options = { consecutiveFailures: 1, openMs: 100, windowMs: 1_000, probes: 1 };
  const breaker = createCircuitBreaker(options);
  settle(breaker, 0, false);
  settle(breaker, 100, false);
  settle(breaker, 300, false);
  expect([breaker.trips, breaker.retryAfterMs(300)]).toEqual([3, 400]);
  settle(breaker, 700, true);
  expect([breaker.state, breaker.trips]).toEqual(['closed', 3]);
  settle(breaker, 2_699, false);
  expect([breaker.trips, breaker.retryAfterMs(2_699)]).toEqual([3, 400]);
  settle(breaker, 3_099, true);
  settle(breaker, 60_000, false);
  expect([breaker.trips, breaker.retryAfterMs(60_000)]).toEqual([1, 100]);
});

it('spreads open times by the jitter, both ways', () => {
  expect([0, 0.25, 0.5, 0.75].map(openTime)).toEqual([900, 950, 1_000, 1_050]);
  // What is no sample is taken as the middle.
  expect([1, -0.1, Number.NaN].map(openTime)).toEqual([1_000, 1_000, 1_000]);
});

describe('plain data from elsewhere', () => {
  const json = createCircuitBreaker().toJSON();
  const probing = { leases: [{ token: 1, expiresAt: 5 }], succeeded: 0, ignored: 0 };

  it.each([
    [null, /^json must be an object, got null$/],
    [{ ...json, version: 2 }, /^json.version must be 1, got 2$/],
    [{ ...json, mode: 'off' }, /^json.mode must be auto or open or closed, got off$/],
    [{ ...json, state: 'ajar' }, /^json.state must be .*, got ajar$/],
    [{ ...json, at: 'now' }, /^json.at must be a number .*, got "now"$/],
    [{ ...json, until: Number.POSITIVE_INFINITY }, /^json.until must be .*, got Infinity$/],
    [{ ...json, trips: -1 }, /^json.trips must be an integer >= 0 .*, got -1$/],
    [{ ...json, lastToken: 0.5 }, /^json.lastToken must be an integer/],
    [{ ...json, sample: 1 }, /^json.sample must be a number >= 0 and < 1, got 1$/],
    [{ ...json, window: 3 }, /^json.window must be an object, got 3$/],
    [{ ...json, window: { ...json.window, bucketMs: 0 } }, /^json.window.bucketMs must be .* > 0/],
    [{ ...json, window: { ...json.window, slot: 1.5 } }, /^json.window.slot must be an integer/],
    [
      { ...json, window: { ...json.window, buckets: [] } },
      /^json.window.buckets.length must be 30/,
    ],
    [
      { ...json, window: { ...json.window, buckets: 'x' } },
      /^json.window.buckets must be an array/,
    ],
    [
      { ...json, window: { ...json.window, buckets: Array.from({ length: 30 }, () => -1) } },
      /^json.window.buckets must be an integer >= 0 .*, got -1$/,
    ],
    [
      { ...json, probes: probing },
      /^json.probes must be there exactly when half-open, got closed$/,
    ],
    [{ ...json, state: 'half-open' }, /^json.probes must be there exactly when half-open/],
    [
      { ...json, state: 'half-open', probes: { ...probing, leases: [null] } },
      /^json.probes.leases must be an object, got null$/,
    ],
    [
      { ...json, state: 'half-open', probes: { ...probing, leases: [{ token: 1 }] } },
      /^json.probes.leases.expiresAt must be a number .*, got undefined$/,
    ],
    [
      { ...json, state: 'half-open', probes: { ...probing, succeeded: null } },
      /^json.probes.succeeded must be an integer .*, got null$/,
    ],
    [
      { ...json, state: 'half-open', probes: { ...probing, ignored: -1 } },
      /^json.probes.ignored must be an integer .*, got -1$/,
    ],
    [
      { ...json, state: 'half-open', probes: { ...probing, leases: 'none' } },
      /^json.probes.leases must be an array, got none$/,
    ],
    [
      { ...json, state: 'half-open', probes: { ...probing, leases: [{ expiresAt: 1 }] } },
      /^json.probes.leases.token must be an integer .*, got undefined$/,
    ],
    [{ ...json, state: 'half-open', probes: 7 }, /^json.probes must be an object, got 7$/],
  ])('rejects %j', (data, message) => {
    expect(() => createCircuitBreaker({}, data as never)).toThrow(message);
  });

  it('takes its own', () => {
    const data = { ...json, state: 'half-open', probes: probing } as const;
    expect(createCircuitBreaker({}, data).toJSON()).toEqual(data);
  });
});
