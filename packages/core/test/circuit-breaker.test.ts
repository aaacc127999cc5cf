import { type CircuitBreakerEvent, createCircuitBreaker } from '@wrr/core';
import { describe, expect, it } from 'vitest';

function settle(breaker: ReturnType<typeof createCircuitBreaker>, now: number, ok: boolean): void {
  breaker.settle(breaker.acquire(now), now, ok ? 'success' : 'failure');
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
