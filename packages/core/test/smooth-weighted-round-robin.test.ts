import { createSmoothWeightedRoundRobin, type Scheduler } from '@wrr/core';
import { describe, expect, it } from 'vitest';

function create(weights: Record<string, number>, random?: () => number): Scheduler<string> {
  const scheduler = createSmoothWeightedRoundRobin<string>(random ? { random } : {});
  for (const [key, weight] of Object.entries(weights)) scheduler.set(key, weight);
  return scheduler;
}

function take(scheduler: Scheduler<string>, count: number): string {
  return Array.from({ length: count }, () => scheduler.next() ?? '-').join('');
}

describe('createSmoothWeightedRoundRobin', () => {
  it("gives nginx's sequence for weights 5, 1, 1", () => {
    expect(take(create({ a: 5, b: 1, c: 1 }), 14)).toBe('aabacaaaabacaa');
  });

  it('takes turns in the order of addition when all weights are equal', () => {
    expect(take(create({ c: 7, a: 7, b: 7 }), 7)).toBe('cabcabc');
  });

  it('has nothing to pick when it is empty, drained or unavailable', () => {
    const scheduler = create({});
    expect(scheduler.next()).toBeUndefined();
    scheduler.set('a', 0);
    expect(scheduler.next()).toBeUndefined();
    scheduler.set('a', 3);
    expect(scheduler.next()).toBe('a');
    scheduler.setAvailable('a', false);
    expect(scheduler.next()).toBeUndefined();
    expect(scheduler.size).toBe(1);
    expect(scheduler.totalWeight).toBe(0);
  });

  it('skips the tried keys, which neither gain nor count', () => {
    const scheduler = create({ a: 5, b: 1, c: 1 });
    expect(scheduler.next(new Set(['a']))).toBe('b');
    expect(scheduler.credit('a')).toBe(0);
    expect(scheduler.credit('b')).toBe(-1);
    expect(scheduler.credit('c')).toBe(1);
    expect(scheduler.next(new Set(['a', 'b', 'c']))).toBeUndefined();
    expect(scheduler.credit('c')).toBe(1);
    expect(scheduler.next(new Set(['x', 'b']))).toBe('a');
  });

  it('forgets a deleted key and its credit', () => {
    const scheduler = create({ a: 5, b: 1, c: 1 });
    take(scheduler, 3);
    expect(scheduler.delete('b')).toBe(true);
    expect(scheduler.delete('b')).toBe(false);
    expect(scheduler.has('b')).toBe(false);
    expect(scheduler.credit('b')).toBeUndefined();
    scheduler.set('b', 1);
    expect(scheduler.credit('b')).toBe(0);
    expect(scheduler.size).toBe(3);
  });

  it('brings a key back with the credit it left with', () => {
    const scheduler = create({ a: 5, b: 1, c: 1 });
    take(scheduler, 4);
    expect(scheduler.credit('b')).toBe(-3);
    scheduler.setAvailable('b', false);
    take(scheduler, 100);
    scheduler.setAvailable('b', true);
    expect(scheduler.credit('b')).toBe(-3);
  });

  it('ignores what is said about unknown keys', () => {
    const scheduler = create({ a: 1 });
    scheduler.setAvailable('x', false);
    expect(scheduler.size).toBe(1);
    expect(scheduler.credit('x')).toBeUndefined();
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, '3'])(
    'rejects weight %s and stays as it was',
    (weight) => {
      const scheduler = create({ a: 5, b: 1 });
      take(scheduler, 3);
      const before = scheduler.snapshot();
      expect(() => scheduler.set('a', weight as number)).toThrow(
        new RangeError(`weight of a must be an integer from 0 to 1000000, got ${weight}`),
      );
      expect(() => scheduler.set('new', weight as number)).toThrow(RangeError);
      expect(scheduler.snapshot()).toEqual(before);
    },
  );

  it('rejects a source of randomness that is none', () => {
    const random = 4 as unknown as () => number;
    expect(() => createSmoothWeightedRoundRobin({ random })).toThrow(
      new TypeError('random must be a function, got 4'),
    );
    expect(() => create({ a: 1, b: 2 }, () => 1).next()).toThrow(
      new RangeError('random must return a number in [0, 1), got 1'),
    );
  });
});

describe('restore', () => {
  it.each([
    [{ referenceWeight: -1 }, 'referenceWeight must be an integer of at least 0, got -1'],
    [{ entries: [{ key: 'a', weight: -1, available: true }] }, 'weight of a must be'],
    [{ entries: [{ key: 'a', weight: 1, available: 1 }] }, 'available of a must be true or false'],
    [{ entries: [{ key: 'a', weight: 1, available: true, credit: 0.5 }] }, 'credit of a must be'],
    [{ entries: [{ key: 'a', weight: 1, available: true, credit: 1e300 }] }, 'credit of a must be'],
    [
      {
        entries: [
          { key: 'a', weight: 1, available: true },
          { key: 'a', weight: 2, available: true },
        ],
      },
      'key a appears twice in one snapshot',
    ],
  ])('rejects %j and stays as it was', (wrong, message) => {
    const scheduler = create({ x: 2, y: 3 });
    take(scheduler, 3);
    const before = scheduler.snapshot();
    expect(() =>
      scheduler.restore({ referenceWeight: 1, entries: [], ...wrong } as typeof before),
    ).toThrow(message);
    expect(scheduler.snapshot()).toEqual(before);
  });
});
