import { expect, it } from 'vitest';
import { AVAILABLE, CHANGED, JOINING, Slots } from '../src/slots.ts';

it('gives rows in turn, and all those that are free again, the last one first', () => {
  const slots = new Slots<string>(100);
  expect(['a', 'b', 'c', 'd'].map((key) => slots.add(key, 0))).toEqual([0, 1, 2, 3]);
  for (const [slot, key] of ['a', 'b', 'c'].entries()) slots.delete(key, slot);
  expect(['e', 'f', 'g', 'h'].map((key) => slots.add(key, 0))).toEqual([2, 1, 0, 4]);
  expect([...slots.byKey]).toEqual([
    ['d', 3],
    ['e', 2],
    ['f', 1],
    ['g', 0],
    ['h', 4],
  ]);
  expect(slots.keys).toEqual(['g', 'f', 'e', 'd', 'h']);
});

it('gives a new key a clean row, but for what is noted of the row itself', () => {
  const slots = new Slots<string>(100);
  const row = slots.add('a', AVAILABLE | JOINING);
  slots.weight[row] = 7;
  slots.credit[row] = -3;
  slots.next[row] = 5;
  slots.mark(row, CHANGED, true);
  slots.weight[row] = 0;
  slots.delete('a', row);
  expect(slots.flags[row]).toBe(CHANGED);
  expect(slots.add('b', AVAILABLE)).toBe(row);
  expect(slots.flags[row]).toBe(AVAILABLE | CHANGED);
  expect([slots.weight[row], slots.credit[row], slots.next[row]]).toEqual([0, 0, -1]);
});

it('ranks keys in the order of addition, anew only when ranks are used up', () => {
  const slots = new Slots<string>(3);
  const ranks = () => [...slots.byKey].map(([key, slot]) => `${key} ${slots.rank[slot]}`);
  for (const key of ['a', 'b', 'c']) slots.add(key, 0);
  slots.delete('a', 0);
  slots.add('d', 0);
  expect(ranks()).toEqual(['b 1', 'c 2', 'd 3']);
  slots.delete('c', 2);
  slots.add('e', 0);
  expect(ranks()).toEqual(['b 0', 'd 1', 'e 2']);
});

it('keeps every column as it grows', () => {
  const slots = new Slots<number>(1_000);
  for (let key = 0; key < 500; key++) {
    const row = slots.add(key, key % 2 ? AVAILABLE : JOINING);
    slots.weight[row] = key;
    slots.credit[row] = key - 1_000;
    slots.next[row] = key + 1;
    slots.previous[row] = key - 1;
  }
  for (let key = 0; key < 500; key++) {
    const { weight, credit, rank, next, previous, flags } = slots;
    const row = [weight, credit, rank, next, previous, flags].map((column) => column[key]);
    expect(row).toEqual([key, key - 1_000, key, key + 1, key - 1, key % 2 ? AVAILABLE : JOINING]);
  }
});
