import {
  attemptsOf,
  CircuitOpenError,
  createRetryBudget,
  type FailoverEvent,
  type FailoverOptions,
  isAttemptTimeoutError,
  isDeadlineExceededError,
  isNoEndpointsError,
  type Outcome,
  parsePushbackMs,
  runWithFailover,
} from '@wrr/core';
import { createFakeClock, type FakeClock } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

interface Settled {
  readonly key: string;
  readonly outcome: Outcome;
}

/** A balancer of equal endpoints, in turn, that notes how each attempt was settled. */
function createTurns(keys: readonly string[]) {
  const settled: Settled[] = [];
  let inFlight = 0;
  return {
    settled,
    get inFlight() {
      return inFlight;
    },
    pick({ tried, whenAllTried }: { tried: ReadonlySet<string>; whenAllTried: 'stop' | 'repeat' }) {
      let left = keys.filter((key) => !tried.has(key));
      if (left.length === 0 && whenAllTried === 'repeat') left = [...keys];
      const [key] = left;
      if (key === undefined) return { kind: 'none', reason: 'all-tried', retryAfterMs: 0 } as const;
      let started = false;
      const attempt = {
        start() {
          started = true;
          inFlight++;
        },
        end(outcome: Outcome) {
          expect(started).toBe(true);
          started = false;
          inFlight--;
          settled.push({ key, outcome });
        },
      };
      return { kind: 'picked', endpoint: { key }, attempt } as const;
    },
  };
}

function setUp(keys: readonly string[], options: Partial<FailoverOptions> = {}) {
  const clock = createFakeClock();
  const balancer = createTurns(keys);
  const complete = { clock, sleep: clock.sleep.bind(clock), retryable: () => true, ...options };
  return { clock, balancer, options: complete };
}

/** Moves time on until the promise has settled. */
async function outcomeOf<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  const ended = promise.then(
    () => true,
    () => true,
  );
  for (let i = 0; i < 10_000; i++) {
    const result = await Promise.race([ended, clock.advanceAsync(1)]);
    if (result === true) return promise;
  }
  throw new Error('the call has not ended within 10 s');
}

const never = (): Promise<never> => new Promise<never>(() => {});
const failing = (key: string): Promise<never> => Promise.reject(new Error(`${key} failed`));

describe('runWithFailover', () => {
  it('returns what the first endpoint answers', async () => {
    const { clock, balancer, options } = setUp(['a', 'b']);
    expect(
      await outcomeOf(
        clock,
        runWithFailover(balancer, ({ key }) => key, options),
      ),
    ).toBe('a');
    expect(balancer.settled).toEqual([{ key: 'a', outcome: 'success' }]);
  });

  it('goes to another endpoint after a failure', async () => {
    const { clock, balancer, options } = setUp(['a', 'b']);
    const result = runWithFailover(
      balancer,
      ({ key }) => (key === 'a' ? failing(key) : key),
      options,
    );
    expect(await outcomeOf(clock, result)).toBe('b');
    expect(balancer.settled).toEqual([
      { key: 'a', outcome: 'failure' },
      { key: 'b', outcome: 'success' },
    ]);
  });

  it('gives up a hanging endpoint after perAttemptTimeoutMs and aborts its work', async () => {
    const { clock, balancer, options } = setUp(['a', 'b'], { perAttemptTimeoutMs: 100 });
    const aborted: unknown[] = [];
    const result = runWithFailover(
      balancer,
      ({ key }, { signal }) => {
        signal.addEventListener('abort', () => aborted.push(signal.reason));
        return key === 'a' ? never() : key;
      },
      options,
    );
    expect(await outcomeOf(clock, result)).toBe('b');
    expect(aborted).toHaveLength(1);
    expect(isAttemptTimeoutError(aborted[0])).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not abort the signal of the attempt that won: a body may still be read with it', async () => {
    const { clock, balancer, options } = setUp(['a'], { perAttemptTimeoutMs: 100, timeoutMs: 500 });
    let signal: AbortSignal | undefined;
    const call = (_: unknown, context: { signal: AbortSignal }): string => {
      signal = context.signal;
      return 'answer';
    };
    await outcomeOf(clock, runWithFailover(balancer, call, options));
    await clock.advanceAsync(1_000);
    expect(signal?.aborted).toBe(false);
  });

  it('rejects with the last error and keeps the history', async () => {
    const { clock, balancer, options } = setUp(['a', 'b', 'c']);
    const result = runWithFailover(balancer, ({ key }) => failing(key), options);
    const error: unknown = await outcomeOf(
      clock,
      result.catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ message: 'c failed' });
    expect(attemptsOf(error).map(({ key, attempt }) => `${attempt}: ${key}`)).toEqual([
      '1: a',
      '2: b',
      '3: c',
    ]);
  });

  it('says that there is no endpoint', async () => {
    const { clock, balancer, options } = setUp([]);
    const error: unknown = await outcomeOf(
      clock,
      runWithFailover(balancer, never, options).catch((reason: unknown) => reason),
    );
    expect(isNoEndpointsError(error)).toBe(true);
    expect(error).toMatchObject({ message: 'no endpoint can be picked (all-tried): not sent' });
  });

  it('ends at its deadline, with the last failure as the cause', async () => {
    const { clock, balancer, options } = setUp(['a', 'b'], { timeoutMs: 200 });
    const result = runWithFailover(
      balancer,
      ({ key }) => (key === 'a' ? failing(key) : never()),
      options,
    );
    const error: unknown = await outcomeOf(
      clock,
      result.catch((reason: unknown) => reason),
    );
    expect(isDeadlineExceededError(error)).toBe(true);
    expect(error).toMatchObject({ cause: { message: 'a failed' } });
    expect(clock.now()).toBeLessThan(210);
    expect([clock.pendingTimers, balancer.inFlight]).toEqual([0, 0]);
  });

  it('hedges a slow endpoint and ignores the loser', async () => {
    const { clock, balancer, options } = setUp(['a', 'b'], { hedgingDelayMs: 50 });
    const result = runWithFailover(balancer, ({ key }) => (key === 'a' ? never() : key), options);
    expect(await outcomeOf(clock, result)).toBe('b');
    expect(balancer.settled).toEqual([
      { key: 'b', outcome: 'success' },
      { key: 'a', outcome: 'ignored' },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('R13: a circuit that is open somewhere below says nothing about the endpoint', async () => {
    const { clock, balancer, options } = setUp(['a', 'b']);
    const result = runWithFailover(
      balancer,
      ({ key }) => {
        if (key === 'a') throw new CircuitOpenError('a', 'open', 100);
        return key;
      },
      options,
    );
    expect(await outcomeOf(clock, result)).toBe('b');
    expect(balancer.settled[0]).toEqual({ key: 'a', outcome: 'ignored' });
  });

  it('ends with what a function of the caller throws, and leaves nothing behind', async () => {
    const broken = {
      retryable: () => {
        throw new Error('broken');
      },
    };
    const sleepless = {
      perAttemptTimeoutMs: 10,
      sleep: () => Promise.reject(new Error('no timers here')),
    };
    for (const [options, message] of [
      [broken, 'broken'],
      [sleepless, 'no timers here'],
    ] as const) {
      const { clock, balancer, options: complete } = setUp(['a', 'b'], options);
      const result = runWithFailover(
        balancer,
        ({ key }) => (options === broken ? failing(key) : never()),
        complete,
      );
      await expect(outcomeOf(clock, result)).rejects.toThrow(message);
      expect([balancer.inFlight, clock.pendingTimers]).toEqual([0, 0]);
    }
  });

  it('is over before it begins when the caller has already left', async () => {
    const signal = AbortSignal.abort(new Error('left'));
    const { balancer, options } = setUp(['a'], { signal });
    await expect(runWithFailover(balancer, never, options)).rejects.toThrow('left');
    expect(balancer.settled).toEqual([]);
  });

  it.each([
    [{ maxAttempts: 0 }, /^maxAttempts must be an integer >= 1/],
    [{ perAttemptTimeoutMs: -1 }, /^perAttemptTimeoutMs must be a number > 0/],
    [{ hedgingDelayMs: Number.NaN }, /^hedgingDelayMs must be .*, got NaN$/],
    [{ timeoutMs: 0 }, /^timeoutMs must be a number > 0/],
    [{ backoff: { initialMs: 500, maxMs: 100 } }, /^backoff.maxMs must be a number >= 500/],
    [{ backoff: { jitter: 0, initial: 5 } }, /^unknown option initial of backoff/],
    [{ backoff: { multiplier: 0.5 } }, /^backoff.multiplier must be a number >= 1/],
    [{ backoff: { jitter: 1 } }, /^backoff.jitter must be a number >= 0 and < 1, got 1$/],
    [{ whenAllTried: 'again' as 'stop' }, /^whenAllTried must be stop or repeat, got again$/],
    [{ retryable: undefined as never }, /^retryable must be a function, got undefined$/],
    [{ onEvent: 1 as never }, /^onEvent must be a function, got 1$/],
    [{ clock: null as never }, /^clock must be an object, got null$/],
    [{ maxAttempts: 3, retries: 3 }, /^unknown option retries of failover/],
  ])('rejects %o', async (wrong, message) => {
    const { balancer, options } = setUp(['a'], wrong);
    await expect(runWithFailover(balancer, never, options)).rejects.toThrow(message);
  });

  it('tells what it did and why it stopped', async () => {
    const events: FailoverEvent[] = [];
    const budget = createRetryBudget({ ratio: 0, reservePerSecond: 0.1 });
    const { clock, balancer, options } = setUp(['a', 'b', 'c'], {
      budget,
      onEvent: (event) => events.push(event),
    });
    await outcomeOf(
      clock,
      runWithFailover(balancer, ({ key }) => failing(key), options).catch(() => 0),
    );
    expect(events).toMatchObject([
      { action: 'retry', attempt: 2, delayMs: 25 },
      { action: 'give-up', attempt: 2, reason: 'budget-used-up' },
    ]);
  });

  it.each(['1', '0', '2147483647'])('obeys the pushback %s', (text) => {
    expect(parsePushbackMs(text)).toBe(Number(text));
  });

  it.each(['', '-1', 'abc', '1.5', '1e3', ' 1', '01', '2147483648', '5000000000', 'NaN', '0x10'])(
    'takes the pushback %j as "do not retry"',
    (text) => {
      expect(parsePushbackMs(text)).toBeUndefined();
    },
  );
});
