import { createSmoothWeightedRoundRobin, type Scheduler, type SchedulerSnapshot } from '@wrr/core';
import { describe, expect, it } from 'vitest';

// What changes do to credits, one rule at a time, where random histories seldom come.

const create = (random?: () => number): Scheduler<string> =>
  createSmoothWeightedRoundRobin<string>(random ? { random } : {});
const entry = (snapshot: SchedulerSnapshot<string>, key: string) =>
  snapshot.entries.find((one) => one.key === key);

/** Two endpoints of weight 1 that owe and are owed a hundred calls. */
function unequal(available: boolean): Scheduler<string> {
  const scheduler = create();
  scheduler.restore({
    referenceWeight: 2,
    entries: [
      { key: 'a', weight: 1, available, credit: 200 },
      { key: 'b', weight: 1, available, credit: -200 },
      { key: 'c', weight: 1, available: true, credit: 0 },
    ],
  });
  return scheduler;
}

describe('who comes back', () => {
  it('is owed, or owes, one call at most', () => {
    const scheduler = unequal(false);
    expect(scheduler.next()).toBe('c');
    scheduler.setAvailable('a', true);
    scheduler.setAvailable('b', true);
    // What a pick would do to them, a snapshot says already; what stands is as it was.
    expect(entry(scheduler.snapshot(), 'a')?.credit).toBe(3);
    expect(entry(scheduler.snapshot(), 'b')?.credit).toBe(-3);
    expect(scheduler.credit('a')).toBe(200);
    expect(scheduler.next()).toBe('a');
    expect(scheduler.credit('a')).toBe(3 + 1 - 3);
    expect(scheduler.credit('b')).toBe(-3 + 1);
  });

  it('before a pick was made without it keeps its credit', () => {
    const scheduler = unequal(true);
    scheduler.setAvailable('a', false);
    scheduler.setAvailable('a', true);
    expect(entry(scheduler.snapshot(), 'a')?.credit).toBe(200);
    scheduler.next();
    expect(scheduler.credit('a')).toBe(200 + 1 - 3);
  });

  it('keeps a credit that is within a call', () => {
    const scheduler = create();
    for (const key of ['a', 'b', 'c']) scheduler.set(key, 2);
    scheduler.next(); // a: -4, b: 2, c: 2
    scheduler.setAvailable('b', false);
    scheduler.next(); // c: 2 + 2 - 4, a: -2
    scheduler.setAvailable('b', true);
    expect(scheduler.next()).toBe('b');
    expect(['a', 'b', 'c'].map((key) => scheduler.credit(key))).toEqual([0, -2, 2]);
  });
});

describe('credits are scaled', () => {
  const after = (weight: number): (number | undefined)[] => {
    const scheduler = create();
    scheduler.set('a', 50);
    scheduler.set('b', 50);
    scheduler.next(); // a: -50, b: 50
    scheduler.set('b', weight);
    const { entries } = scheduler.snapshot();
    return entries.map(({ credit }) => credit);
  };

  it.each([
    [150, [-50, 50]],
    [151, [-100, 100]],
    [49, [-50, 50]],
    [1, [-50, 50]],
  ])('only when the total has more than doubled or halved: weight %i', (weight, credits) => {
    expect(after(weight)).toEqual(credits);
  });

  it('at less than half', () => {
    const scheduler = create();
    for (const key of ['a', 'b', 'c', 'd']) scheduler.set(key, 10);
    scheduler.next(); // a: -30, others 10
    scheduler.delete('c');
    scheduler.delete('d');
    expect(entry(scheduler.snapshot(), 'a')?.credit).toBe(-30); // exactly half
    scheduler.set('b', 9);
    expect(entry(scheduler.snapshot(), 'a')?.credit).toBe(Math.trunc((-30 * 19) / 40));
    expect(scheduler.snapshot().referenceWeight).toBe(19);
  });
});

it('a snapshot names the total to which its credits relate', () => {
  const scheduler = create();
  expect(scheduler.snapshot()).toEqual({ referenceWeight: 0, entries: [] });
  scheduler.set('a', 5);
  expect(scheduler.snapshot().referenceWeight).toBe(5);
  scheduler.next();
  scheduler.set('a', 7);
  expect(scheduler.snapshot().referenceWeight).toBe(5);
  scheduler.next();
  expect(scheduler.snapshot().referenceWeight).toBe(5);
});

it('draws for those who join in the order in which they were added', () => {
  const draws = [0.5, 0.1, 0.9].values();
  const scheduler = create(() => draws.next().value ?? 0.5);
  scheduler.set('early', 0);
  scheduler.set('first', 100);
  scheduler.next(); // the first draw
  scheduler.set('late', 100);
  scheduler.set('early', 100);
  expect(scheduler.credit('late')).toBeUndefined();
  expect(entry(scheduler.snapshot(), 'late')).toEqual({
    key: 'late',
    weight: 100,
    available: true,
  });
  scheduler.next(new Set(['early', 'late']));
  expect(scheduler.credit('early')).toBe(-120);
  expect(scheduler.credit('late')).toBe(120);
});
