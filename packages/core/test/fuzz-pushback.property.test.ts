import { createRetryBudget, planFailover } from '@wrr/core';
import { fuzz } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

describe("a server's word on retries", () => {
  it('is a wait of 32 bits, or the end of retries', { timeout: 60_000 }, () => {
    let waits = 0;
    let said = '';
    const newDecision = planFailover({
      random: Math.random,
      maxAttempts: 3,
      budget: createRetryBudget({ ratio: 1, reservePerSecond: 1_000 }),
      retryable: () => true,
      pushback: () => said,
    });
    fuzz({
      corpus: [
        '0',
        '10',
        '-1',
        '2147483647',
        '2147483648',
        '1000',
        ' 5',
        '5ms',
        '+5',
        '1e3',
        '0x10',
        '',
      ],
      make: (mutator) => mutator.text(),
      feed(text, index) {
        said = text;
        const next = newDecision().afterFailure(undefined, 1, index, Number.POSITIVE_INFINITY);
        if (typeof next === 'string') {
          if (next !== 'pushback' && next !== 'budget-used-up') throw new Error(next);
          return;
        }
        waits++;
        if (!(Number.isInteger(next) && next >= 0 && next < 2 ** 31)) throw new Error(String(next));
        if (String(next) !== text && text !== '-0') throw new Error(`${text} taken as ${next}`);
      },
    });
    expect(waits).toBeGreaterThan(1_000);
  });
});
