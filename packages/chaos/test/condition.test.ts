import { expect, it } from 'vitest';
import { createCondition } from '../src/condition.ts';

it('is good while no reason speaks against it', () => {
  const condition = createCondition(0);
  condition.begin('killed', 10);
  condition.begin('cut', 12);
  condition.end('killed', 20);
  expect(condition.good).toBe(false);
  condition.end('cut', 30);
  expect(condition.good).toBe(true);
  expect(condition.goodThroughout(0, 9)).toBe(true);
  expect(condition.goodThroughout(5, 10)).toBe(false);
  expect(condition.goodThroughout(15, 40)).toBe(false);
  expect(condition.goodThroughout(30, 40)).toBe(true);
  expect(condition.goodSince(35)).toBe(30);
  expect(condition.goodSince(25)).toBeUndefined();
  expect(condition.badSince(25)).toBe(10);
  expect(condition.badSince(9)).toBeUndefined();
});
