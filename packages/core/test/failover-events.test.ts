/** What a call tells its balancer and its listener, word by word. */
import {
  attemptsOf,
  createRetryBudget,
  type FailoverEvent,
  type FailoverOptions,
  runWithFailover,
} from '@wrr/core';
import { createFakeClock } from '@wrr/test-support';
import { expect, it } from 'vitest';

type Behaviour = (signal: AbortSignal) => unknown;

/** Endpoints that are picked in turn; `undefined` when none is left. */
function setUp(
  endpoints: readonly (Behaviour | undefined)[],
  given: Partial<FailoverOptions> = {},
) {
  const clock = createFakeClock();
  const picks: { deadline?: number; whenAllTried: string; tried: string[] }[] = [];
  const ends: { key: string; outcome: string; latencyMs: number | undefined }[] = [];
  const events: FailoverEvent[] = [];
  const balancer = {
    pick(options: {
      tried: ReadonlySet<string>;
      whenAllTried: 'stop' | 'repeat';
      deadline?: number;
    }) {
      const key = String(picks.length);
      picks.push({ ...options, tried: [...options.tried] });
      if (endpoints[picks.length - 1] === undefined)
        return { kind: 'none', reason: 'all-tried', retryAfterMs: 0 } as const;
      const end = (outcome: string, details?: { latencyMs?: number }): void =>
        void ends.push({ key, outcome, latencyMs: details?.latencyMs });
      return { kind: 'picked', endpoint: { key }, attempt: { start: () => {}, end } } as const;
    },
  };
  const caller = new AbortController();
  const settled: { value?: unknown; error?: unknown } = {};
  const run = async (): Promise<typeof settled> => {
    runWithFailover(
      balancer,
      ({ key }: { key: string }, { signal }) => endpoints[Number(key)]?.(signal),
      {
        clock,
        sleep: (ms, signal) => clock.sleep(ms, signal),
        retryable: () => true,
        onEvent: (event) => void events.push(event),
        signal: caller.signal,
        ...given,
      },
    ).then(
      (value) => {
        settled.value = value;
      },
      (error: unknown) => {
        settled.error = error;
      },
    );
    await clock.advanceAsync(1_000);
    await clock.advanceAsync(10_000);
    return settled;
  };
  return { clock, picks, ends, events, caller, run };
}

const never: Behaviour = () => new Promise(() => {});
const fails =
  (message = 'failed'): Behaviour =>
  () =>
    Promise.reject(new Error(message));

it('a retry is told with its number, its wait and what the attempt before it failed with', async () => {
  const { events, run } = setUp([fails('first'), () => 'answer']);
  expect(await run()).toEqual({ value: 'answer' });
  expect(events).toEqual([
    {
      type: 'failover',
      action: 'retry',
      attempt: 2,
      delayMs: 25,
      error: expect.objectContaining({ message: 'first' }),
    },
  ]);
});

it('a hedge is told with its number and its delay', async () => {
  const { events, run } = setUp([never, () => 'answer'], { hedgingDelayMs: 30 });
  expect(await run()).toEqual({ value: 'answer' });
  expect(events).toEqual([{ type: 'failover', action: 'hedge', attempt: 2, delayMs: 30 }]);
});

it.each([
  ['not-retryable', { retryable: () => false }, [fails()], 1],
  ['attempts-used-up', { maxAttempts: 2 }, [fails(), fails()], 2],
  ['pushback', { pushback: () => '-1' }, [fails()], 1],
  ['no-time-left', { timeoutMs: 20 }, [fails()], 1],
  [
    'budget-used-up',
    { budget: createRetryBudget({ ratio: 0, reservePerSecond: 0 }) },
    [fails()],
    1,
  ],
  ['no-endpoint', {}, [fails(), undefined], 1],
  ['no-endpoint', {}, [undefined], 0],
] as const)(
  'that there is no further attempt is told once: %s',
  async (reason, options, endpoints, made) => {
    const { events, run } = setUp(endpoints, options);
    const { error } = await run();
    const told = events.filter(({ action }) => action === 'give-up');
    expect(told).toEqual([{ type: 'failover', action: 'give-up', reason, attempt: made, error }]);
  },
);

it('R12: without an endpoint for the retry, the error is the last attempt’s', async () => {
  const { run } = setUp([fails('first'), fails('second'), undefined]);
  const { error } = await run();
  expect(error).toMatchObject({ message: 'second' });
  expect(attemptsOf(error)).toHaveLength(2);
});

it('of an error that no call failed with, no attempts are known', () => {
  for (const value of [new Error('other'), null, undefined, 'text', 7]) {
    expect(attemptsOf(value)).toEqual([]);
  }
});

it.each([null, undefined, 'text', 7])('an endpoint may fail with %j', async (thrown) => {
  const { run } = setUp([() => Promise.reject(thrown)], { maxAttempts: 1 });
  expect(await run()).toEqual({ error: thrown });
});

it('while hedges run, the next one never goes to a tried endpoint; a retry may', async () => {
  const hedged = setUp([never, () => 'answer'], { hedgingDelayMs: 30, whenAllTried: 'repeat' });
  await hedged.run();
  expect(hedged.picks.map(({ whenAllTried }) => whenAllTried)).toEqual(['repeat', 'stop']);
  const retried = setUp([fails(), () => 'answer'], { whenAllTried: 'repeat' });
  await retried.run();
  expect(retried.picks).toMatchObject([
    { whenAllTried: 'repeat', tried: [] },
    { whenAllTried: 'repeat', tried: ['0'] },
  ]);
});

it.each([
  [{}, [undefined, undefined]],
  [{ timeoutMs: 500 }, [500, 500]],
  [{ perAttemptTimeoutMs: 100 }, [100, 125]],
  [{ timeoutMs: 110, perAttemptTimeoutMs: 100 }, [100, 110]],
])('the balancer is told when an attempt must have ended: %j', async (options, deadlines) => {
  const { picks, run } = setUp([fails(), () => 'answer'], options);
  await run();
  expect(picks.map(({ deadline }) => deadline)).toEqual(deadlines);
  expect(picks.map((pick) => 'deadline' in pick)).toEqual(
    deadlines.map((deadline) => deadline !== undefined),
  );
});

it('the balancer is told how long an attempt took', async () => {
  const setting = setUp([
    async () => {
      await setting.clock.sleep(40);
      throw new Error('late');
    },
    async () => {
      await setting.clock.sleep(60);
      return 'answer';
    },
  ]);
  await setting.run();
  expect(setting.ends).toEqual([
    { key: '0', outcome: 'failure', latencyMs: 40 },
    { key: '1', outcome: 'success', latencyMs: 60 },
  ]);
});

it('a timeout names the endpoint and the time it had', async () => {
  const { run } = setUp([never], { perAttemptTimeoutMs: 70, maxAttempts: 1 });
  const { error } = await run();
  expect((error as Error).message).toMatch(/0.*70/);
});

it('a pushback that says no ends the hedging, but not the hedge under way', async () => {
  const setting = setUp(
    [
      async () => {
        await setting.clock.sleep(40);
        throw new Error('no more');
      },
      async () => {
        await setting.clock.sleep(100);
        return 'answer';
      },
      () => 'a third',
    ],
    { hedgingDelayMs: 30, pushback: () => '-1' },
  );
  expect(await setting.run()).toEqual({ value: 'answer' });
  expect(setting.picks).toHaveLength(2);
});

it('what may not be retried ends the call at once, hedges and all', async () => {
  const { ends, run } = setUp([never, fails('fatal'), () => 'a third'], {
    hedgingDelayMs: 30,
    retryable: () => false,
  });
  expect(await run()).toMatchObject({ error: { message: 'fatal' } });
  expect(ends.map(({ outcome }) => outcome)).toEqual(['failure', 'ignored']);
});

it('a listener that ends the call at a hedge has no attempt started, and none left over', async () => {
  const setting = setUp([never, never], {
    hedgingDelayMs: 30,
    onEvent: () => setting.caller.abort(new Error('enough')),
  });
  expect(await setting.run()).toMatchObject({ error: { message: 'enough' } });
  expect(setting.ends.map(({ key, outcome }) => [key, outcome])).toEqual([
    ['0', 'ignored'],
    ['1', 'ignored'],
  ]);
});

it('at the deadline, attempts under way have failed', async () => {
  const { ends, run } = setUp([never], { timeoutMs: 50 });
  const { error } = await run();
  expect(error).toMatchObject({ name: 'DeadlineExceededError' });
  expect(ends).toEqual([{ key: '0', outcome: 'failure', latencyMs: 50 }]);
});

it('a call that has ended listens to its caller no longer', async () => {
  const setting = setUp([() => 'answer']);
  let removed = 0;
  const { signal } = setting.caller;
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (type: string, ...rest: [never]) => {
    if (type === 'abort') removed++;
    remove(type, ...rest);
  };
  await setting.run();
  expect(removed).toBe(1);
});
