/** Makes bad inputs of good ones. The same sequence for the same seed and corpus. */
export interface Mutator {
  /** An integer from 0, below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  /** A text of the corpus, a few edits away. */
  text(): string;
  /** The bytes of such a text, some of them changed: often no UTF-8. */
  bytes(): Buffer;
  /** A JSON text of the corpus as a value, some of its parts replaced, renamed, added or left out. */
  json(): unknown;
  /** A value that is at the edge of something. */
  oddity(): unknown;
}

/** Tokens that parsers stumble over. */
const TOKENS: readonly string[] = [
  ...`{ } [ ] " ' : , \\ - # &a *a <<: | > null true NaN .inf 0 -1 -0 1e999 1e-7 0x10 007`.split(
    ' ',
  ),
  ...'2147483648 9007199254740993 184467440737095516160 0.1s 10s 1e3s -5ms 5 "" "9"'.split(' '),
  ...'"__proto__": __proto__ constructor prototype toString hasOwnProperty'.split(' '),
  ...'\n \t \r\n \u0000 \ufeff \ud800 \u2028 ß 💥 !!binary ... $(HOME) ../../etc/passwd \x1b[31m'.split(
    ' ',
  ),
  '%YAML 1.1\n---\n',
  'a'.repeat(300),
];

const ODDITIES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e21, 2 ** 53, -(2 ** 31), Number.MAX_VALUE].values(),
  ...[Number.MIN_VALUE, Number.NaN, Number.POSITIVE_INFINITY].values(),
  ...'0 5 10s 1e3s -1s 0.0000000001s NaN __proto__ constructor \u0000 \ud800 UNAVAILABLE'.split(
    ' ',
  ),
  ...['', ' ', 'x'.repeat(1_000)].values(),
  ...[[], [[]], [null], {}, { a: {} }, ['a', 'a'], { length: 3 }, { toString: null }].values(),
];

const NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  ' ',
  '0',
  'x',
];

/** Creates a mutator (mulberry32). */
export function createMutator(seed: number, corpus: readonly string[]): Mutator {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(from: readonly T[]): T => {
    const index = below(from.length);
    if (index >= from.length) throw new Error('nothing to pick from');
    return from[index] as T;
  };
  const oddity = (): unknown => (below(40) === 0 ? nested(below(200)) : pick(ODDITIES));

  const edit = (text: string): string => {
    const at = below(text.length + 1);
    const end = Math.min(text.length, at + below(20));
    const [head, middle, tail] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
    switch (below(7)) {
      case 0:
        return head + tail;
      case 1:
        return head + middle + middle + tail;
      case 2:
        return head;
      case 3:
        return head + pick(TOKENS).repeat(below(50) === 0 ? 500 : 1) + tail;
      case 4:
        return head + String.fromCharCode(below(128)) + text.slice(at + 1);
      case 5: {
        const other = pick(corpus);
        return head + other.slice(below(other.length));
      }
      default:
        return head + pick(TOKENS) + middle + tail;
    }
  };

  const text = (): string => {
    let made = pick(corpus);
    for (let edits = 1 + below(4); edits > 0; edits--) made = edit(made);
    return made;
  };

  /** Copies, and changes a part with a chance of one in `odds`. */
  const change = (value: unknown, odds: number): unknown => {
    if (below(odds) === 0) return oddity();
    if (Array.isArray(value)) {
      const items: unknown[] = [...value].map((item) => change(item, odds));
      if (below(odds) === 0) items.push(...items, oddity());
      if (below(odds) === 0) items.splice(below(items.length), 1);
      return items;
    }
    if (typeof value !== 'object' || value === null) return value;
    const made = {};
    for (const [name, inner] of Object.entries(value)) {
      if (below(odds) === 0) continue;
      put(made, below(odds) === 0 ? pick(NAMES) : name, change(inner, odds));
    }
    if (below(odds) === 0) put(made, pick(NAMES), oddity());
    return made;
  };

  return {
    below,
    pick,
    text,
    oddity,
    bytes() {
      const bytes = Buffer.from(text());
      for (let flips = below(3); flips > 0 && bytes.length > 0; flips--) {
        bytes[below(bytes.length)] = below(256);
      }
      return bytes;
    },
    json: () => change(JSON.parse(pick(corpus)), 3 + below(20)),
  };
}

/** Sets an own property, even `__proto__`: as `JSON.parse` does. */
function put(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
