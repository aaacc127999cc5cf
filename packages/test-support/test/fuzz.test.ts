import { fuzz } from '@wrr/test-support';
import { afterEach, describe, expect, it } from 'vitest';

const corpus = ['{"a":{"b":[1,2]},"weight":5}'];

/** Copies as so many do. */
function carelessMerge(target: Record<string, unknown>, source: object): void {
  for (const [name, value] of Object.entries(source)) {
    const inner = target[name];
    if (
      typeof inner === 'object' &&
      inner !== null &&
      typeof value === 'object' &&
      value !== null
    ) {
      carelessMerge(inner as Record<string, unknown>, value);
    } else target[name] = value;
  }
}

describe('fuzz', () => {
  afterEach(() => {
    for (const name of Object.keys(Object.prototype)) delete (Object.prototype as never)[name];
  });

  it('makes the same inputs for the same seed, and mostly different ones', () => {
    const inputs = (seed: number): unknown[] => {
      const seen: unknown[] = [];
      const make = 'text' as const;
      fuzz({ corpus, seed, cases: 200, make: (m) => m[make](), feed: (text) => seen.push(text) });
      return seen;
    };
    expect(inputs(1)).toEqual(inputs(1));
    expect(inputs(2)).not.toEqual(inputs(1));
    expect(new Set(inputs(1)).size).toBeGreaterThan(150);
  });

  it('finds what throws, and names the input', () => {
    const feed = (text: string): void => void JSON.parse(text);
    expect(() => fuzz({ corpus, make: (m) => m.text(), feed })).toThrow(
      /SyntaxError.*input \d+ of/s,
    );
  });

  it('finds a polluted prototype', () => {
    const feed = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) carelessMerge({}, value);
    };
    expect(() => fuzz({ corpus, make: (m) => m.json(), feed })).toThrow('shared prototype');
  });

  it('finds what is never let go', () => {
    const held: unknown[] = [];
    const feed = (): void =>
      void held.push(Array.from({ length: 1_000 }, (_, index) => index + 0.5));
    expect(() => fuzz({ corpus, cases: 10_000, make: () => 0, feed })).toThrow('bytes are held');
    expect(held.length).toBe(10_000);
  });

  it('finds what takes too long', () => {
    const feed = (_: number, index: number): void => {
      const end = performance.now() + (index === 3 ? 120 : 0);
      while (performance.now() < end);
    };
    expect(() => fuzz({ corpus, cases: 10, limitMs: 100, make: () => 0, feed })).toThrow(
      /took \d+ ms; input 3/,
    );
  });
});
