import { describe, expect, it } from 'vitest';
import { ActiveSet } from '../src/active-set.ts';
import type { Rotation } from '../src/rotation.ts';
import { AVAILABLE, Slots } from '../src/slots.ts';

/** A rotation that writes down what is asked of it. */
class Diary implements Rotation {
  readonly entries: string[] = [];
  readonly slots = new Set<number>();
  readonly many: boolean;
  totalWeight = 0;

  constructor(many: boolean) {
    this.many = many;
  }
  get size(): number {
    return this.slots.size;
  }
  members(): number[] {
    return [...this.slots];
  }
  add(slot: number): void {
    this.entries.push(`+${slot}`);
    this.slots.add(slot);
  }
  remove(slot: number): void {
    this.entries.push(`-${slot}`);
    this.slots.delete(slot);
  }
  credit(slot: number): number {
    return slot;
  }
  pick(): number {
    return -1;
  }
  recredit(change: (credit: number, slot: number) => number): void {
    for (const slot of this.slots) this.entries.push(`${slot}: ${change(slot, slot)}`);
  }
}

function create(few: number, weights: readonly number[], size = 0) {
  const slots = new Slots<number>(1_000);
  for (const [key, weight] of weights.entries()) {
    const slot = slots.add(key, AVAILABLE); // may replace the columns
    slots.weight[slot] = weight;
  }
  const diaries: Diary[] = [];
  const set = new ActiveSet(
    slots,
    (_, many) => {
      const diary = new Diary(many);
      diaries.push(diary);
      return diary;
    },
    few,
    size,
  );
  const last = () => diaries.at(-1) ?? new Diary(false);
  return { slots, set, diaries, last };
}

describe('ActiveSet', () => {
  it('takes slots in when somebody asks, in the order in which they were put', () => {
    const { set, last } = create(8, [1, 1, 1]);
    for (const slot of [2, 0, 1]) set.put(slot);
    expect(last().entries).toEqual([]);
    expect(set.size).toBe(3);
    expect(last().entries).toEqual(['+2', '+0', '+1']);
    set.put(2);
    expect(set.credit(2)).toBe(2);
    expect(last().entries).toHaveLength(4);
    set.put(1);
    expect(set.totalWeight).toBe(0);
    expect(last().entries).toHaveLength(5);
    set.put(0);
    set.take(0);
    expect(last().entries.slice(5)).toEqual(['+0', '-0']);
  });

  it('takes 32 or more in by weight, then credit, then rank', () => {
    const weights = Array.from({ length: 40 }, (_, i) => 1 + (i % 2));
    const { set, slots, last } = create(0, weights);
    for (let slot = 0; slot < 40; slot++) slots.credit[slot] = slot % 3;
    const shuffled = weights.map((_, i) => (i * 7) % 40);
    for (const slot of shuffled.slice(0, 31)) set.put(slot);
    expect(set.size).toBe(31);
    expect(last().entries).toEqual(shuffled.slice(0, 31).map((slot) => `+${slot}`));
    last().entries.length = 0;
    for (const slot of shuffled.slice(0, 32)) set.put(slot);
    expect(set.size).toBe(32);
    const sorted = shuffled
      .slice(0, 32)
      .toSorted((a, b) => (a % 2) - (b % 2) || (b % 3) - (a % 3) || a - b);
    expect(last().entries).toEqual(sorted.map((slot) => `+${slot}`));
  });

  it('changes its form above the limit, and back at half of it', () => {
    const { set, diaries, last } = create(4, [1, 1, 1, 1, 1]);
    for (const slot of [0, 1, 2, 3]) set.put(slot);
    expect(set.size).toBe(4);
    expect(diaries.map(({ many }) => many)).toEqual([false]);
    set.put(4);
    expect(set.size).toBe(5);
    expect(diaries.map(({ many }) => many)).toEqual([false, true]);
    expect(last().members()).toEqual([0, 1, 2, 3, 4]);
    set.take(0);
    set.take(1);
    expect(diaries).toHaveLength(2);
    set.take(2);
    expect(diaries.map(({ many }) => many)).toEqual([false, true, false]);
    expect(last().members()).toEqual([3, 4]);
    set.take(3);
    expect(diaries).toHaveLength(3);
  });

  it('begins with the form for the number to come', () => {
    expect(create(4, [], 4).last().many).toBe(false);
    expect(create(4, [], 5).last().many).toBe(true);
  });

  it('gives new credits to all in place, to some by taking them out and in', () => {
    const { set, slots, last } = create(8, [1, 1, 1]);
    for (const slot of [0, 1, 2]) set.put(slot);
    expect(set.size).toBe(3);
    last().entries.length = 0;
    set.giveAll([2, 0, 1], [20, 0, 10]);
    expect(last().entries).toEqual(['0: 0', '1: 10', '2: 20']);
    last().entries.length = 0;
    set.giveAll([2, 1], [5, 6]);
    expect(last().entries).toEqual(['-2', '-1', '+1', '+2']);
    expect([slots.credit[1], slots.credit[2]]).toEqual([6, 5]);
  });
});
