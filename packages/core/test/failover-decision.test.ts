import { createRetryBudget, type FailoverRules, planFailover, retryBudgets } from '@wrr/core';
import { describe, expect, it } from 'vitest';

const error = new Error('refused');
const END = Number.POSITIVE_INFINITY;
const always = { retryable: () => true, backoff: { jitter: 0 } };
const decide = (rules: Partial<FailoverRules> = {}) => planFailover({ ...always, ...rules })();
const budgetOf = (retries: number) =>
  createRetryBudget({ ratio: 0, reservePerSecond: retries / 10, windowMs: 10_000 });

describe('after a failed attempt', () => {
  it('the waits double up to their limit, for each call anew', () => {
    const plan = planFailover({ ...always, maxAttempts: 9 });
    for (const decision of [plan(), plan()]) {
      const waits = [1, 2, 3, 4, 5, 6].map((n) => decision.afterFailure(error, n, 0, END));
      expect(waits).toEqual([25, 50, 100, 200, 250, 250]);
    }
  });

  it('a hedged call goes on at once', () => {
    expect(decide({ hedgingDelayMs: 30 }).afterFailure(error, 1, 0, END)).toBe(0);
  });

  it('a pushback is obeyed to the millisecond, and the waits begin anew after it', () => {
    let said: string | undefined;
    const decision = decide({ maxAttempts: 9, pushback: () => said });
    expect(decision.afterFailure(error, 1, 0, END)).toBe(25);
    expect(decision.afterFailure(error, 2, 0, END)).toBe(50);
    said = '7';
    expect(decision.afterFailure(error, 3, 0, END)).toBe(7);
    said = undefined;
    expect(decision.afterFailure(error, 4, 0, END)).toBe(25);
  });

  it.each([
    ['not-retryable', { retryable: () => false }, 1, END],
    ['pushback', { pushback: (): string => '-1' }, 1, END],
    ['pushback', { pushback: (): string => 'soon' }, 1, END],
    ['attempts-used-up', { maxAttempts: 2 }, 2, END],
    ['no-time-left', {}, 1, 125],
    ['budget-used-up', { budget: budgetOf(0) }, 1, END],
    ['budget-used-up', { budget: budgetOf(0.5) }, 1, END],
  ] as const)('there is none: %s', (reason, rules, attempts, deadline) => {
    expect(decide(rules).afterFailure(error, attempts, 100, deadline)).toBe(reason);
  });

  it.each([
    ['the last attempt is still to come', { maxAttempts: 2 }, 1, END],
    ['the wait ends before the deadline', {}, 1, 125.5],
    ['the budget covers one', { budget: budgetOf(1) }, 1, END],
  ] as const)('there is one: %s', (_why, rules, attempts, deadline) => {
    expect(decide(rules).afterFailure(error, attempts, 100, deadline)).toBe(25);
  });
});

describe('R8: what an attempt costs', () => {
  it('nothing without a budget', () => {
    const decision = decide();
    decision.afterFailure(error, 1, 0, END);
    expect(decision.pay(0)).toBe(true);
  });

  it('one retry, paid when it starts and not before', () => {
    const budget = budgetOf(2);
    const decision = decide({ budget });
    decision.afterFailure(error, 1, 0, END);
    expect(budget.balance(0)).toBe(2);
    expect([decision.pay(0), decision.pay(0), decision.pay(0)]).toEqual([true, true, false]);
  });

  it('is paid from another budget until an endpoint has been reached', () => {
    const budget = budgetOf(5);
    const unsentBudget = createRetryBudget({ ratio: 1, reservePerSecond: 0.3, windowMs: 10_000 });
    const decision = decide({ maxAttempts: 9, budget, unsentBudget });
    expect(unsentBudget.balance(0)).toBe(3);
    decision.afterFailure(error, 1, 0, END, false);
    decision.afterFailure(error, 2, 0, END, false);
    expect(unsentBudget.balance(0), 'a call is deposited once').toBe(4);
    decision.pay(0);
    expect([unsentBudget.balance(0), budget.balance(0)]).toEqual([3, 5]);
    decision.afterFailure(error, 3, 0, END, true);
    decision.pay(0);
    expect([unsentBudget.balance(0), budget.balance(0)]).toEqual([3, 4]);
    decision.afterFailure(error, 4, 0, END, false);
    decision.pay(0);
    expect([unsentBudget.balance(0), budget.balance(0)], 'once reached, for good').toEqual([3, 3]);
  });

  it('an attempt has reached an endpoint unless it is said otherwise', () => {
    const [budget, unsentBudget] = [budgetOf(5), budgetOf(5)];
    const decision = decide({ budget, unsentBudget });
    decision.afterFailure(error, 1, 0, END);
    decision.pay(0);
    expect([unsentBudget.balance(0), budget.balance(0)]).toEqual([5, 4]);
  });

  it('the one budget pays for everything when there is no other', () => {
    const budget = budgetOf(5);
    const decision = decide({ budget });
    decision.afterFailure(error, 1, 0, END, false);
    decision.pay(0);
    expect(budget.balance(0)).toBe(4);
  });
});

describe('the budgets of a failover', () => {
  it('are two of the same size, unless told otherwise', () => {
    const { budget, unsentBudget } = retryBudgets({
      ratio: 0,
      reservePerSecond: 3,
      windowMs: 1_000,
    });
    expect(budget).not.toBe(unsentBudget);
    expect([budget?.balance(0), unsentBudget?.balance(0)]).toEqual([3, 3]);
    expect(retryBudgets().budget?.balance(0)).toBe(100);
  });

  it('are none for false', () => {
    expect(retryBudgets(false)).toEqual({ budget: undefined, unsentBudget: undefined });
  });

  it('are the one that was made elsewhere, which pays for everything', () => {
    const budget = budgetOf(1);
    expect(retryBudgets(budget)).toEqual({ budget, unsentBudget: undefined });
  });

  it.each([
    [null, 'budget must be an object, got null'],
    [{ ratio: -1 }, 'ratio must be a number >= 0 and <= 10, got -1'],
  ])('are refused when they say %j', (said, message) => {
    expect(() => retryBudgets(said as never)).toThrow(message);
  });
});

it.each([-1, 1.5, Number.NaN, '3'])('replayMessages: %j is refused by name', (replayMessages) => {
  const rules = { ...always, replayMessages } as never;
  expect(() => planFailover(rules)).toThrow('replayMessages must be an integer >= 0, got');
});
