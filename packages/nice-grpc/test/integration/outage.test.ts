import { openAttemptLinks } from '@wrr/core';
import { circuitBreakerMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { sleep, waitFor } from '@wrr/test-support';
import { createClientFactory } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { clientOf, closing, endpoints, kinds, threeServers } from '../clients.ts';

const [a, b, c] = await threeServers();

/** Each makes at most ten calls a second, one after the other: together 300 a second. */
const CALLERS = 30;
/** SIGKILLs in the last test. 10 in the ordinary run; `WRR_KILLS=30` for more. */
const KILLS = Number((process.env as { WRR_KILLS?: string }).WRR_KILLS ?? 10);

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

/** What callers have seen. */
interface Run {
  finished: number;
  /** Streams of responses that were cut off after they had begun. */
  cut: number;
  readonly failures: string[];
  stop(): Promise<void>;
}

/**
 * Has callers make idempotent calls, of all four kinds, all the time. `pauseMs` is the least time from
 * one call of a caller to its next.
 *
 * A stream of responses that is cut off after it has begun must fail, and is counted apart: what the
 * consumer has had cannot be taken back.
 */
async function underLoad(callers: number, pauseMs: number): Promise<Run> {
  const client = await clientOf([a, b, c], {
    factory: createClientFactory()
      .use(failoverMiddleware({ idempotent: () => true, perAttemptTimeoutMs: 1_000 }))
      .use(circuitBreakerMiddleware()),
  });
  const run = { finished: 0, cut: 0, failures: [] as string[], isOver: false };
  const oneCall = async (kind: keyof typeof kinds): Promise<void> => {
    const isStream = kind === 'serverStream' || kind === 'bidi';
    let hasBegun = false;
    const onHeader = (): void => {
      hasBegun = isStream;
    };
    try {
      const replies = await kinds[kind](client, { deadline: 15_000, onHeader });
      expect(replies).toHaveLength(isStream ? 3 : 1);
    } catch (error) {
      if (hasBegun) run.cut++;
      else run.failures.push(String(error));
    }
    run.finished++;
  };
  const caller = async (number: number): Promise<void> => {
    for (let index = number; !run.isOver; index++) {
      const next = performance.now() + pauseMs;
      await oneCall(kindNames[index % kindNames.length] ?? 'unary');
      await sleep(Math.max(0, next - performance.now()));
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  const stop = async (): Promise<void> => {
    run.isOver = true;
    await all;
  };
  closing({ close: stop });
  await waitFor(() => run.finished > 2 * callers);
  return Object.assign(run, { stop });
}

/** Waits until so many more calls have ended. */
async function more(run: Run, calls: number): Promise<void> {
  const at = run.finished;
  await waitFor(() => run.finished > at + calls);
}

async function expectNoneFailed(run: Run): Promise<void> {
  await run.stop();
  expect(run.failures).toEqual([]);
  // Few streams are so unlucky; if many were cut, failover would not be at work.
  expect(run.cut).toBeLessThan(run.finished / 20);
  expect(openAttemptLinks()).toBe(0);
}

function statusOf({ address }: { readonly address: string }) {
  return endpoints().find(({ key }) => key === address);
}

describe('under 300 idempotent calls a second, of all four kinds', () => {
  it('SIGKILL of 1 of 3 fails no call', async () => {
    const run = await underLoad(CALLERS, 100);
    await a.kill();
    await more(run, 600);
    await expectNoneFailed(run);
  });

  it('SIGSTOP of 1 of 3 fails no call; its breaker learns that it hangs', async () => {
    const run = await underLoad(CALLERS, 100);
    a.freeze();
    await waitFor(() => statusOf(a)?.ejected === true);
    await more(run, 600);
    await expectNoneFailed(run);
    expect(statusOf(a)?.failures).toBeGreaterThanOrEqual(5);
  });

  it('a restart of all three, one after the other, fails no call', async () => {
    const run = await underLoad(CALLERS, 100);
    for (const server of [a, b, c]) {
      await server.shutdown({ force: true });
      await server.restart();
      await waitFor(() => statusOf(server)?.available === true);
      await more(run, 100);
    }
    await expectNoneFailed(run);
  });
});

// A server flushes its header before the message, so that a SIGKILL often leaves a call with a header
// and no message.
it(`${KILLS} SIGKILLs under 60 callers fail no call`, { timeout: KILLS * 6_000 }, async () => {
  const run = await underLoad(60, 0);
  for (let kill = 0; kill < KILLS; kill++) {
    const server = [a, b, c][kill % 3] ?? a;
    await server.kill();
    await server.restart();
    await waitFor(() => endpoints().every(({ available }) => available));
    await more(run, 60);
  }
  await expectNoneFailed(run);
  expect(run.finished).toBeGreaterThan(KILLS * 60);
});
