/**
 * Bug class J, retries: each law is kept by ours and by a plain loop, and broken by the loop with just
 * that bug.
 */
import { createRetryBudget, type RetryBudget, runWithFailover } from '@wrr/core';
import { describe, expect, it } from 'vitest';
import { playCall, type Report, type Scenario } from './failover-kit.ts';
import { type FailoverBug, naiveFailover } from './naive-failover.ts';

async function excludes(
  bug: FailoverBug,
  scenario: () => Scenario,
  law: (report: Report) => void,
): Promise<void> {
  law(await playCall(scenario(), runWithFailover));
  law(await playCall(scenario(), naiveFailover()));
  const broken = await playCall(scenario(), naiveFailover(bug));
  expect(() => law(broken), bug).toThrow();
}

const keys = ['a', 'b', 'c'];
const fail = { how: 'fail', afterMs: 5 } as const;
const ok = { how: 'ok', afterMs: 5 } as const;
const hang = { how: 'hang', afterMs: 0 } as const;

function oneRetry(): RetryBudget {
  return createRetryBudget({ ratio: 0, reservePerSecond: 0.1 });
}

describe('J: retries', () => {
  it('nothing is sent after the caller has cancelled during the back-off', async () => {
    const scenario = { keys, answers: [fail, ok], abortAt: 10 };
    await excludes(
      'retries-after-cancel',
      () => scenario,
      ({ starts, settledAt, timers }) => {
        expect([starts.length, settledAt, timers]).toEqual([1, 10, 0]);
      },
    );
  });

  it('nothing is sent after the deadline', async () => {
    const answers = [{ how: 'fail', afterMs: 45 } as const, ok];
    const options = { timeoutMs: 80, backoff: { initialMs: 30 } };
    await excludes(
      'retries-after-deadline',
      () => ({ keys, answers: [...answers.slice(0, 1), hang], options }),
      ({ starts, ends, settledAt, timers }) => {
        expect([starts.length, ends.length, settledAt, timers]).toEqual([2, 2, 80, 0]);
      },
    );
  });

  it('a pushback that is no number means: do not retry', async () => {
    for (const pushback of ['12abc', 'NaN', '']) {
      await excludes(
        'reads-pushback-loosely',
        () => ({ keys, answers: [{ ...fail, pushback }, ok] }),
        ({ starts }) => expect(starts).toHaveLength(1),
      );
    }
  });

  it('the next attempt goes elsewhere', async () => {
    await excludes(
      'may-repeat-the-endpoint',
      () => ({ keys: ['a', 'b'], answers: [fail, ok] }),
      ({ starts }) => expect(starts.map(({ key }) => key)).toEqual(['a', 'b']),
    );
  });

  it('a hanging endpoint is failed over from', async () => {
    const options = { perAttemptTimeoutMs: 200 };
    await excludes(
      'waits-for-hanging-endpoints',
      () => ({ keys, answers: [hang, ok], options }),
      ({ value, settledAt }) => {
        expect(value).toBeDefined();
        expect(settledAt).toBeLessThan(300);
      },
    );
  });

  it('every attempt is reported to its breaker', async () => {
    await excludes(
      'reports-only-the-last-attempt',
      () => ({ keys, answers: [fail, fail, ok] }),
      ({ ends }) => {
        expect(ends.map(({ outcome }) => outcome)).toEqual(['failure', 'failure', 'success']);
      },
    );
  });

  it('a cancel by the caller says nothing about the endpoint', async () => {
    await excludes(
      'cancel-counts-as-failure',
      () => ({ keys, answers: [hang], abortAt: 10 }),
      ({ ends }) => expect(ends.map(({ outcome }) => outcome)).toEqual(['ignored']),
    );
  });

  it('what must not be sent again is not', async () => {
    await excludes(
      'retries-what-is-fatal',
      () => ({ keys, answers: [{ how: 'fatal', afterMs: 5 }, ok] }),
      ({ starts, settledAt }) => expect([starts.length, settledAt]).toEqual([1, 5]),
    );
  });

  it('first attempts are not charged to the budget', async () => {
    await excludes(
      'first-attempts-use-the-budget',
      () => ({ keys, answers: [fail, ok], options: { budget: oneRetry() } }),
      ({ value }) => expect(value).toBe('answer of b'),
    );
  });
});
