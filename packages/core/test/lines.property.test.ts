import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lines } from '../src/lines.ts';

const FREE = -(2 ** 51);

interface Step {
  readonly kind: 'open' | 'close' | 'spread' | 'pack';
  readonly weight: number;
}
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind'][]>(
      'open',
      'open',
      'open',
      'open',
      'close',
      'spread',
      'pack',
    ),
    weight: fc.integer({ min: 1, max: 99 }),
  }),
  { maxLength: 150 },
);

/** What stands in each place: `weight base head`, or nothing. */
function places(lines: Lines): string[] {
  return Array.from({ length: lines.size }, (_, place) => {
    const { weight, base, head } = lines;
    return (head[place] ?? -1) < 0 ? '' : `${weight[place]} ${base[place]} ${head[place]}`;
  });
}

/** Takes a step, and returns what should stand in the places, in order. */
function take(lines: Lines, model: Map<number, string>, { kind, weight }: Step, reach: number) {
  const place = lines.find(weight);
  if (kind === 'open' && place < 0) {
    const opened = lines.open(weight, reach);
    lines.base[opened] = -7 * weight;
    lines.head[opened] = 1_000 + weight;
    model.set(weight, `${weight} ${-7 * weight} ${1_000 + weight}`);
  } else if (kind === 'close' && place >= 0) {
    lines.close(place);
    model.delete(weight);
  } else if (kind === 'spread' && lines.count > 0) {
    lines.spread();
  } else if (kind === 'pack') {
    lines.pack();
  }
  return [...model].sort(([a], [b]) => a - b).map(([, line]) => line);
}

it.each([1, 2, 5, 512])('keeps lines sorted and findable, with a reach of %i', (reach) => {
  fc.assert(
    fc.property(steps, (history) => {
      const lines = new Lines();
      const model = new Map<number, string>();
      for (const step of history) {
        const before = places(lines);
        const expected = take(lines, model, step, reach);
        const now = places(lines);
        expect(now.filter((line) => line !== '')).toEqual(expected);
        expect(lines.count).toBe(expected.length);
        const weights = [...lines.weight.subarray(0, lines.size)];
        expect(weights).toEqual(weights.toSorted((a, b) => a - b));
        for (let weight = 0; weight < 101; weight++) {
          expect(lines.find(weight)).toBe(now.indexOf(model.get(weight) ?? 'none'));
        }
        if (!lines.isSpread) {
          expect(lines.size).toBe(lines.count);
          continue;
        }
        // A free place never wins, and a tournament is told of every place that changed.
        const free = [...now.keys()].filter((place) => now[place] === '');
        expect(free.every((place) => lines.base[place] === FREE)).toBe(true);
        if (step.kind !== 'open' || before.length !== now.length) continue;
        const changed = [...now.keys()].filter((place) => now[place] !== before[place]);
        expect(changed.every((p) => p >= lines.changedFrom && p <= lines.changedTo)).toBe(true);
      }
    }),
  );
});

it('spreads evenly over a power of two with a free place for every 63 lines', () => {
  for (const count of [1, 2, 3, 17, 62, 63, 64, 125, 126, 127, 1_000, 1_008, 1_009]) {
    const lines = new Lines();
    for (let weight = 1; weight <= count; weight++) {
      const place = lines.open(weight, 1);
      lines.head[place] = weight;
    }
    lines.spread();
    const least = (count * 64) / 63;
    const size = 2 ** Math.max(1, Math.ceil(Math.log2(least)));
    expect(lines.size).toBe(size);
    const used = Array.from({ length: count }, (_, i) => lines.find(i + 1));
    expect(used).toEqual(used.map((_, i) => Math.floor((i * size) / count)));
  }
});

it('moves no more lines than lie between a new one and the nearest free place', () => {
  const lines = new Lines();
  for (let i = 0; i < 63; i++) {
    const place = lines.open(10 * (i + 1), 1);
    lines.head[place] = i;
  }
  lines.spread(); // 64 places, the last one free
  expect(lines.find(630)).toBe(62);
  lines.close(lines.find(300));
  const hole = 29;
  expect(lines.open(285, 512)).toBe(28); // to its right: moves 290 by one
  expect([lines.changedFrom, lines.changedTo]).toEqual([28, hole]);
});

it('spreads only when there is no free place within reach, and says that all have changed', () => {
  const lines = new Lines();
  for (let i = 0; i < 60; i++) {
    const place = lines.open(10 * (i + 1), 1);
    lines.head[place] = i;
  }
  lines.spread(); // 64 places, one free after every fifteen lines
  const full = lines.find(70);
  expect(lines.open(65, 3)).toBeGreaterThanOrEqual(0);
  expect([lines.changedFrom, lines.changedTo]).toEqual([0, lines.size - 1]);
  expect(full).toBe(6);
});
