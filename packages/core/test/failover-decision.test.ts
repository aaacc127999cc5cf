import { createRetryBudget, type FailoverDecision, planFailover } from '@wrr/core';
import { describe, expect, it } from 'vitest';

const NOW = 0;
/** A tenth of a retry for each call, and none besides. */
const tenth = () => createRetryBudget({ ratio: 0.1, reservePerSecond: 0 });

function setUp(withUnsent = true) {
  const budget = tenth();
  const newDecision = planFailover({
    retryable: () => true,
    maxAttempts: 6,
    budget,
    unsentBudget: withUnsent ? tenth() : undefined,
  });
  /** Makes the attempts of one call, which end as told, for as long as it may. Returns how many. */
  const call = (...reached: readonly boolean[]): number => {
    budget.deposit(NOW);
    const decision: FailoverDecision = newDecision();
    for (const [index, isReached] of reached.entries()) {
      const next = decision.afterFailure(undefined, index + 1, NOW, Infinity, isReached);
      if (typeof next === 'string') return index + 1;
      expect(decision.pay(NOW)).toBe(true);
    }
    return reached.length + 1;
  };
  return { budget, newDecision, call };
}

describe('the budget of calls that reach no endpoint', () => {
  it('bounds their attempts as the other would, and leaves that one alone', () => {
    const { budget, call } = setUp();
    let attempts = 0;
    for (let number = 0; number < 1_000; number++) {
      attempts += call(false, false, false, false, false, false);
    }
    expect(attempts).toBe(1_100);
    expect(budget.balance(NOW)).toBe(100);
  });

  it('pays no more as soon as an attempt has reached one', () => {
    const { budget, call } = setUp();
    for (let number = 0; number < 1_000; number++) call(true, false, true, false, false);
    expect(budget.balance(NOW)).toBe(0);
  });

  it('pays for the first attempt that reaches one, and the other for what follows', () => {
    const { budget, call } = setUp();
    for (let number = 0; number < 9; number++) expect(call(false)).toBe(1);
    // Each of the two has one retry now.
    expect(call(false, true)).toBe(3);
    expect(budget.balance(NOW)).toBe(0);
  });

  it('does not pay for hedges, which run beside an attempt that may have reached one', () => {
    const { budget, newDecision } = setUp();
    for (let number = 0; number < 10; number++) budget.deposit(NOW);
    expect(newDecision().pay(NOW)).toBe(true);
    expect(budget.balance(NOW)).toBe(0);
  });

  it('is the one of all calls when there is no other', () => {
    const { budget, call } = setUp(false);
    for (let number = 0; number < 1_000; number++) call(false, false, false);
    expect(budget.balance(NOW)).toBe(0);
  });
});
