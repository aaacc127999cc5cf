import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearestBefore, precedes } from '../src/queue-order.ts';
import { AVAILABLE, Slots } from '../src/slots.ts';

/** Rows of weight 1 in a queue, among rows of weight 2 and rows that are in none. */
const rows = fc.array(
  fc.record({ weight: fc.integer({ min: 1, max: 2 }), credit: fc.nat(9), isIn: fc.boolean() }),
  { minLength: 3, maxLength: 300 },
);

it('finds, of a sample of 64 rows, the last one in the queue before a slot', () => {
  fc.assert(
    fc.property(rows, fc.nat(), (all, which) => {
      const slots = new Slots<number>(1_000);
      for (const [key, { weight, credit, isIn }] of all.entries()) {
        const slot = slots.add(key, AVAILABLE);
        slots.weight[slot] = weight;
        slots.credit[slot] = credit;
        slots.next[slot] = isIn ? 0 : -1;
      }
      const slot = which % all.length;
      slots.weight[slot] = 1;
      slots.next[slot] = 0; // who has just been picked still has its neighbour
      const inQueue = (row: number) => slots.weight[row] === 1 && (slots.next[row] ?? -1) >= 0;
      const order = [...all.keys()]
        .filter(inQueue)
        .sort((a, b) => (slots.credit[b] ?? 0) - (slots.credit[a] ?? 0) || a - b);
      const [first = slot] = order;
      fc.pre(first !== slot);
      const stride = Math.ceil(all.length / 64);
      const sample = order.slice(0, order.indexOf(slot)).filter((row) => row % stride === 0);
      expect(nearestBefore(slots, first, slot)).toBe(sample.at(-1) ?? first);
    }),
  );
});

it('orders by credit, then by rank, and nobody before itself', () => {
  const slots = new Slots<string>(9);
  const [a = 0, b = 0, c = 0] = ['a', 'b', 'c'].map((key) => slots.add(key, AVAILABLE));
  slots.credit[c] = 1;
  expect(precedes(slots, a, b)).toBe(true);
  expect(precedes(slots, b, a)).toBe(false);
  expect(precedes(slots, c, a)).toBe(true);
  expect(precedes(slots, a, c)).toBe(false);
  expect(precedes(slots, a, a)).toBe(false);
});
