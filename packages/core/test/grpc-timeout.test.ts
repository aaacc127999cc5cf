import { formatTimeout, parseTimeoutMs } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('grpc-timeout', () => {
  it.each([
    [0, '1m'],
    [-5, '1m'],
    [199.2, '200m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [Number.MAX_SAFE_INTEGER, '99999999S'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatTimeout(ms)).toBe(text);
  });

  it.each([
    ['2H', 7_200_000],
    ['3M', 180_000],
    ['5S', 5_000],
    ['250m', 250],
    ['1500u', 1.5],
    ['1000000n', 1],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseTimeoutMs(text)).toBeCloseTo(ms, 9);
  });

  it.each(['', '5', 'm', '-1m', '1.5S', '123456789m', '5s', ' 5m', '5m5m'])(
    'takes %j for no deadline',
    (text) => {
      expect(parseTimeoutMs(text)).toBe(Number.POSITIVE_INFINITY);
    },
  );

  it('never tells the server less than the client waits, and at most a second more', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (ms) => {
        const told = parseTimeoutMs(formatTimeout(ms));
        expect(told).toBeGreaterThanOrEqual(Math.min(ms, 99_999_999_000));
        expect(told - ms).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
