import { createRetryBudget } from '@wrr/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

type Event = readonly [dt: number, do_: 'call' | 'retry'];
const history: fc.Arbitrary<Event[]> = fc.array(
  fc.tuple(fc.oneof(fc.nat(30), fc.nat(2_000)), fc.constantFrom('call', 'retry', 'retry')),
  { maxLength: 300 },
);

it('starts with its reserve, and calls add their share', () => {
  const budget = createRetryBudget();
  expect(budget.balance(0)).toBe(100);
  for (let i = 0; i < 10; i++) budget.deposit(0);
  expect(budget.balance(0)).toBe(102);
});

it('R6: a refused withdrawal changes nothing, and the balance is never negative', () => {
  fc.assert(
    fc.property(history, (events) => {
      const budget = createRetryBudget({ ratio: 0.2, reservePerSecond: 0.5 });
      let now = 0;
      for (const [dt, what] of events) {
        now += dt;
        const before = budget.balance(now);
        expect(before).toBeGreaterThanOrEqual(0);
        expect(Number.isInteger(before)).toBe(true);
        if (what === 'call') {
          budget.deposit(now);
          continue;
        }
        expect(budget.withdraw(now)).toBe(before > 0);
        expect(budget.balance(now)).toBe(Math.max(0, before - 1));
      }
    }),
  );
});

it('R7: within the window, retries are at most ratio × calls + reserve', () => {
  fc.assert(
    fc.property(
      history,
      fc.constantFrom(0, 0.1, 0.2, 1),
      fc.constantFrom(0, 0.3, 10),
      (events, ratio, reserve) => {
        const budget = createRetryBudget({ ratio, reservePerSecond: reserve, windowMs: 1_000 });
        const calls: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const [dt, what] of events) {
          now += dt;
          const slot = Math.floor(now / 100);
          if (what === 'call') {
            budget.deposit(now);
            calls.push(slot);
          } else if (budget.withdraw(now)) {
            retries.push(slot);
            const recent = (slots: number[]): number => slots.filter((at) => at > slot - 10).length;
            expect(recent(retries)).toBeLessThanOrEqual(ratio * recent(calls) + reserve + 1e-9);
          }
        }
      },
    ),
  );
});

it('R16: when every call fails and wants three attempts, load is 1.2 times the calls and the reserve', () => {
  const budget = createRetryBudget();
  let sent = 0;
  const calls = 60_000;
  for (let i = 0; i < calls; i++) {
    budget.deposit(i);
    sent++;
    for (let attempt = 2; attempt <= 3 && budget.withdraw(i); attempt++) sent++;
  }
  expect(sent).toBeLessThanOrEqual(1.2 * calls + 10 * 60 + 100);
  expect(sent).toBeGreaterThan(1.19 * calls);
});

it('what it can pay for at once grows with the traffic', () => {
  const budget = createRetryBudget();
  for (let i = 0; i < 50_000; i++) budget.deposit(i / 5);
  expect(budget.balance(9_999)).toBe(10_100);
});

it('takes a clock that steps back, NaN and infinities as "no later than before"', () => {
  const budget = createRetryBudget();
  for (let i = 0; i < 100; i++) budget.withdraw(50_000);
  for (const now of [0, Number.NaN, Infinity, -Infinity]) {
    expect(budget.withdraw(now)).toBe(false);
    // Nothing is forgotten when the clock is right again: the window has not moved.
    expect([budget.balance(50_000), budget.balance(50_900)]).toEqual([0, 0]);
  }
  expect(budget.balance(60_900)).toBe(100);
});

it.each([
  [{ ratio: -0.1 }, /^ratio must be a number >= 0 and <= 10, got -0.1$/],
  [{ reservePerSecond: Number.NaN }, /^reservePerSecond must be a number >= 0 .*, got NaN$/],
  [{ windowMs: 0 }, /^windowMs must be a number > 0/],
  [{ ratio: 0.2, percent: 20 }, /^unknown option percent of retry budget/],
])('rejects %o', (options, message) => {
  expect(() => createRetryBudget(options)).toThrow(message);
});
