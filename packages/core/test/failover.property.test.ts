import {
  attemptsOf,
  createBalancer,
  createRetryBudget,
  type Endpoint,
  isNoEndpointsError,
  runWithFailover,
} from '@wrr/core';
import { createFakeClock } from '@wrr/test-support';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PATIENCE, thorough } from './breaker-kit.ts';
import { type Answer, playCall, type Report, ServerError } from './failover-kit.ts';

const KEYS = ['a', 'b', 'c', 'd'];
const INITIAL_MS = 20;
const MAX_MS = 60;

const anyAnswer: fc.Arbitrary<Answer> = fc.record({
  how: fc.oneof(
    { weight: 8, arbitrary: fc.constant('fail' as const) },
    { weight: 5, arbitrary: fc.constant('ok' as const) },
    { weight: 2, arbitrary: fc.constant('hang' as const) },
    { weight: 1, arbitrary: fc.constant('fatal' as const) },
  ),
  afterMs: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 80 })),
  pushback: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    {
      weight: 5,
      arbitrary: fc.constantFrom('0', '3', '7', '11', '20', '-1', 'soon', '5000000000'),
    },
  ),
});

const scenario = fc.record({
  size: fc.constantFrom(0, 1, 2, 2, 2, 3, 3, 3, 4),
  answers: fc.array(anyAnswer, { minLength: 6, maxLength: 6 }),
  maxAttempts: fc.constantFrom(1, 2, 3, 4, 5, 5),
  // One of the two at least, or a hanging endpoint keeps the call for ever, as it should.
  perAttemptTimeoutMs: fc.constantFrom(undefined, 10, 50, 50),
  timeoutMs: fc.constantFrom(60, 120, 1_000),
  hedgingDelayMs: fc.constantFrom(undefined, 15),
  whenAllTried: fc.constantFrom('stop', 'repeat', 'repeat' as const),
  reserve: fc.constantFrom(0, 0.2, 10, 10, 10, 10),
  sample: fc.constantFrom(undefined, 0, 0.25, 0.999),
  abortAt: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(150) },
  ),
});
type Case = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

async function play(one: Case): Promise<{ report: Report; budgetUsed: number }> {
  const { size, answers, abortAt, reserve, sample, ...options } = one;
  const budget = createRetryBudget({ ratio: 0, reservePerSecond: reserve });
  const before = budget.balance(0);
  const report = await playCall({
    keys: KEYS.slice(0, size),
    answers,
    abortAt,
    options: {
      ...options,
      budget,
      backoff: { initialMs: INITIAL_MS, maxMs: MAX_MS },
      ...(sample !== undefined && { random: () => sample }),
    },
  });
  return { report, budgetUsed: before - budget.balance(0) };
}

const seen = new Map<string, number>();

function note(what: string, happened: boolean): void {
  if (happened) seen.set(what, (seen.get(what) ?? 0) + 1);
}

describe('over random calls', () => {
  it('keeps R1–R6, R8–R15 and R18', PATIENCE, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (one) => {
        const { report, budgetUsed } = await play(one);
        const { starts, ends, log, settledAt, error } = report;
        const { size, maxAttempts, timeoutMs, abortAt, hedgingDelayMs } = one;
        expect(settledAt, 'it ends').toBeDefined();
        const end = settledAt ?? 0;

        expect(starts.length, 'R1').toBeLessThanOrEqual(maxAttempts);
        for (const { at } of starts) expect(at, 'R2').toBeLessThanOrEqual(end);
        expect(end, 'R2: deadline').toBeLessThanOrEqual(Math.min(timeoutMs, abortAt ?? Infinity));
        const firsts = starts.slice(0, size).map(({ key }) => key);
        expect(new Set(firsts).size, 'R3').toBe(firsts.length);
        expect(report.timers, 'R4: no timer is left').toBe(0);
        expect(ends.length, 'R5: each attempt ends once').toBe(starts.length);
        for (const { at } of ends) expect(at, 'R4: no attempt is left').toBeLessThanOrEqual(end);
        expect(budgetUsed, 'R6, R8').toBe(Math.max(0, starts.length - 1));

        const aborted =
          abortAt !== undefined && error instanceof Error && error.message === 'caller left';
        if (aborted) {
          const last = ends.filter(({ at }) => at === abortAt).map(({ outcome }) => outcome);
          for (const outcome of last) expect(outcome, 'R14').not.toBe('success');
        }
        if (error !== undefined && !aborted && error instanceof ServerError) {
          const history = attemptsOf(error);
          expect(history.at(-1)?.error, 'R12').toBe(error);
          expect(history, 'R12').toHaveLength(ends.filter((e) => e.outcome === 'failure').length);
        }
        if (size === 0 && !aborted) {
          expect(isNoEndpointsError(error), 'R13').toBe(true);
          expect([starts.length, ends.length], 'R13').toEqual([0, 0]);
        }

        if (hedgingDelayMs === undefined) checkWaits(one, report);
        else checkHedges(report);

        const outcomes = ends.map(({ outcome }) => outcome);
        note('success', report.value !== undefined);
        note('success after a failure', report.value !== undefined && outcomes.includes('failure'));
        note('caller left', aborted);
        note('deadline', end === timeoutMs);
        note('all attempts failed', error instanceof ServerError && starts.length === maxAttempts);
        note('hedge lost', report.value !== undefined && outcomes.includes('ignored'));
        note('endpoint repeated', new Set(starts.map(({ key }) => key)).size < starts.length);
        note(
          'aborted work',
          log.some(({ what }) => what === 'abort'),
        );
      }),
      { numRuns: thorough ? 4_000 : 100 },
    );
  });
});

/** Without hedging, attempts follow one another: between them lies the wait. */
function checkWaits({ sample }: Case, { log, starts, ends }: Report): void {
  let waits = 0;
  for (const [i, end] of ends.entries()) {
    const start = starts[i];
    const next = starts[i + 1];
    if (start === undefined) continue;
    const { answer } = start;
    const timedOut = log.some(
      ({ what, key, at }) => what === 'abort' && key === end.key && at === end.at,
    );
    const said = timedOut ? undefined : answer.pushback;
    if (answer.how === 'fatal' && !timedOut) expect(next, 'R11').toBeUndefined();
    if (said !== undefined && answer.how !== 'ok' && !/^\d{1,2}$/.test(said)) {
      expect(next, 'R10').toBeUndefined();
    }
    if (next === undefined) continue;
    note('retry', true);
    const wait = next.at - end.at;
    if (said !== undefined) {
      waits = 0;
      expect(wait, 'R9, R18: the pushback, exactly').toBeCloseTo(Number(said), 6);
      note('pushback obeyed', true);
    } else {
      const usual = Math.min(INITIAL_MS * 2 ** waits++, MAX_MS);
      const spread = sample === undefined ? 1 : 0.8 + 0.4 * sample;
      expect(wait, 'R9').toBeCloseTo(usual * spread, 6);
    }
  }
}

function checkHedges({ log, value }: Report): void {
  const live = new Set<string>();
  for (const entry of log) {
    if (entry.what === 'end') live.delete(entry.key);
    if (entry.what !== 'start') continue;
    expect(live.has(entry.key), 'R15: hedges run at different endpoints').toBe(false);
    live.add(entry.key);
    note('hedge', live.size > 1);
  }
  const ends = log.filter((entry) => entry.what === 'end');
  const winner = ends.findIndex(({ outcome }) => outcome === 'success');
  if (value === undefined || winner < 0) return;
  const losers = ends.slice(winner + 1);
  for (const { outcome } of losers) expect(outcome, 'R15: losers say nothing').toBe('ignored');
  const aborted = log.filter(({ what }) => what === 'abort').map(({ key }) => key);
  for (const { key } of losers) expect(aborted, 'R15: losers are cancelled').toContain(key);
}

const EDGES = [
  'success',
  'success after a failure',
  'caller left',
  'deadline',
  'all attempts failed',
  'hedge',
  'hedge lost',
  'endpoint repeated',
  'aborted work',
  'retry',
  'pushback obeyed',
];

afterAll(() => {
  const missed = EDGES.filter((edge) => thorough && (seen.get(edge) ?? 0) < 100);
  expect(missed, 'every kind of end is reached at least 100 times').toEqual([]);
});

it(
  'R7, R16: with all endpoints failing, attempts are at most (1 + ratio) × calls + reserve',
  PATIENCE,
  async () => {
    const budget = createRetryBudget({ ratio: 0.2, reservePerSecond: 1 });
    const fail: Answer = { how: 'fail', afterMs: 1 };
    let sent = 0;
    for (let i = 0; i < 200; i++) {
      const { starts } = await playCall({
        keys: KEYS,
        answers: [fail, fail, fail],
        options: { budget },
      });
      sent += starts.length;
    }
    expect(sent).toBe(200 * 1.2 + 10);
  },
);

it(
  'R5: over core’s balancer, every permit is given back, whatever becomes of the calls',
  PATIENCE,
  async () => {
    const call = fc.record({
      at: fc.nat(400),
      answers: fc.array(anyAnswer, { minLength: 3, maxLength: 3 }),
      abortAfter: fc.constantFrom(undefined, undefined, 5, 30),
      hedgingDelayMs: fc.constantFrom(undefined, 10),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), async (calls) => {
        const clock = createFakeClock();
        const circuitBreaker = { consecutiveFailures: 2, openMs: 20, probes: 1, probeLeaseMs: 60 };
        const balancer = createBalancer<Endpoint>({ clock, circuitBreaker });
        balancer.update(['a', 'b', 'c'].map((key) => ({ key, weight: 1 })));
        let attempts = 0;
        for (const { at, answers, abortAfter, hedgingDelayMs } of calls) {
          const caller = new AbortController();
          const work = async (_: Endpoint, { attempt }: { attempt: number }): Promise<string> => {
            attempts++;
            const { how, afterMs } = answers[attempt - 1] ?? { how: 'ok', afterMs: 0 };
            if (how === 'hang') return new Promise<never>(() => {});
            await clock.sleep(afterMs);
            if (how !== 'ok') throw new Error(how);
            return how;
          };
          clock.setTimeout(() => {
            runWithFailover(balancer, work, {
              clock,
              sleep: (ms, signal) => clock.sleep(ms, signal),
              retryable: () => true,
              perAttemptTimeoutMs: 40,
              hedgingDelayMs,
              signal: caller.signal,
            }).catch(() => {});
            if (abortAfter !== undefined) clock.setTimeout(() => caller.abort(), abortAfter);
          }, at);
        }
        await clock.advanceAsync(5_000);
        expect(clock.pendingTimers).toBe(0);
        const states = balancer.endpoints();
        expect(states.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
        const ended = states.map(
          ({ successes, failures, ignored }) => successes + failures + ignored,
        );
        expect(ended.reduce((sum, n) => sum + n, 0)).toBe(attempts);
        expect(states.reduce((sum, { picks }) => sum + picks, 0)).toBe(attempts);
      }),
      { numRuns: thorough ? 150 : 10 },
    );
  },
);
