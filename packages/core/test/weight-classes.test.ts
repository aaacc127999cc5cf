import { describe, expect, it } from 'vitest';
import { LIMITS, type RotationLimits } from '../src/rotation-limits.ts';
import { AVAILABLE, Slots } from '../src/slots.ts';
import { WeightClasses } from '../src/weight-classes.ts';

// What no sequence of picks shows: every form gives the same ones, so here is which form runs when.

/** What a test may look at inside. */
interface Inside {
  readonly tournament: object | undefined;
  readonly isDue: boolean;
  readonly now: number;
  readonly lines: { readonly isSpread: boolean; readonly size: number; readonly count: number };
}

function create(limits: Partial<RotationLimits> = {}) {
  const slots = new Slots<number>(1_000_000);
  const classes = new WeightClasses(slots, { ...LIMITS, ...limits });
  const inside = classes as unknown as Inside;
  /** Adds an endpoint of this weight (and credit), and returns its slot. */
  const add = (weight: number, credit = 0): number => {
    const slot = slots.add(slots.byKey.size, AVAILABLE);
    slots.weight[slot] = weight;
    slots.credit[slot] = credit;
    classes.add(slot);
    return slot;
  };
  return { slots, classes, inside, add };
}

describe('the form', () => {
  it('is a scan up to the limit, a tournament above it, a scan again below half of it', () => {
    const { classes, inside, add } = create({ scannedLines: 6 });
    const all = [1, 2, 3, 4, 5, 6].map((weight) => add(weight));
    classes.pick();
    expect([inside.tournament, inside.lines.isSpread]).toEqual([undefined, false]);
    all.push(add(7));
    expect(inside.tournament).toBeUndefined(); // only a pick needs one
    classes.pick();
    expect(inside.tournament).toBeDefined();
    expect([inside.lines.isSpread, inside.isDue]).toEqual([true, false]);
    for (const slot of all.slice(0, 4)) classes.remove(slot);
    expect(inside.tournament).toBeDefined();
    classes.pick();
    expect(inside.lines.isSpread).toBe(true);
    for (const slot of all.slice(4, 5)) classes.remove(slot);
    expect(inside.tournament).toBeUndefined();
    expect([inside.lines.isSpread, inside.isDue, inside.lines.size]).toEqual([false, false, 2]);
    classes.pick();
    expect(inside.tournament).toBeUndefined();
  });

  it('is no tournament if those who made it due are gone before a pick', () => {
    const { classes, inside, add } = create({ scannedLines: 6 });
    const all = [1, 2, 3, 4, 5, 6, 7].map((weight) => add(weight));
    expect([inside.isDue, inside.lines.isSpread]).toEqual([true, false]);
    for (const slot of all.slice(0, 5)) classes.remove(slot);
    expect(inside.isDue).toBe(false);
    classes.pick();
    expect(inside.tournament).toBeUndefined();
  });

  it('stays while endpoints of a weight that is there come and go', () => {
    const { classes, inside, add } = create({ scannedLines: 2 });
    const [first = 0] = [1, 2, 3].map((weight) => add(weight));
    classes.pick();
    const { tournament } = inside;
    const second = add(1);
    classes.remove(first);
    classes.remove(second);
    classes.pick();
    expect(inside.tournament).toBe(tournament);
  });

  it('is brought up to date where few lines moved, and made anew at the next pick where many did', () => {
    const { classes, inside, add } = create({ scannedLines: 2, reach: 8 });
    for (let i = 1; i <= 60; i++) add(100 * i); // 64 places, one free after every fifteen
    classes.pick();
    const { tournament } = inside;
    add(1_650);
    expect(inside.tournament).toBe(tournament);
    for (const weight of [1_610, 1_620, 1_630, 1_640]) add(weight);
    expect(inside.tournament).toBeUndefined();
    expect(inside.isDue).toBe(true);
    classes.pick();
    expect(inside.tournament).toBeDefined();
    expect(inside.tournament).not.toBe(tournament);
    expect(inside.isDue).toBe(false);
  });
});

it('moves the origin of the lines whenever the horizon is reached', () => {
  const { classes, slots, inside, add } = create({ horizon: 5 });
  const all = [3, 2, 2].map((weight) => add(weight));
  for (let i = 0; i < 5; i++) classes.pick();
  expect(inside.now).toBe(5);
  const credits = all.map((slot) => classes.credit(slot));
  classes.pick();
  expect(inside.now).toBe(1);
  const moved = all.map((slot) => slots.credit[slot] ?? 0);
  const winner = moved.findIndex((base, i) => base !== credits[i]);
  expect(moved).toEqual(credits.map((credit, i) => (i === winner ? credit - 7 : credit)));
});

it('marks who leaves as being in no queue', () => {
  const { classes, slots, add } = create();
  const [a, b] = [add(1), add(1)];
  classes.remove(a);
  expect(slots.next[a]).toBe(-1);
  expect(slots.next[b]).toBe(b);
});

it('puts slots whose credits become equal in the order of their ranks', () => {
  const { classes, add } = create();
  const [a, b, c] = [add(1, 3), add(1, 9), add(1, 6)];
  classes.recredit(() => 0);
  expect([classes.pick(), classes.pick(), classes.pick()]).toEqual([a, b, c]);
  classes.recredit((_, slot) => (slot === b ? 2 : 0));
  expect([classes.pick(), classes.pick(), classes.pick()]).toEqual([b, a, c]);
});
