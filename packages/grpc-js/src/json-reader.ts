/** Checks one JSON value and returns it in the form that is wanted; throws with its path if it is wrong. */
export type Reader<T> = (value: unknown, path: string) => T;

type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]?: ReturnType<S[K]> };

/** Shows a value in an error message. */
export function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** Reads a number. Its bounds are checked by whoever owns the option. */
export function number(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`${path} must be a number, got ${show(value)}`);
}

/** Reads a string. */
export function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${path} must be a string, got ${show(value)}`);
}

/** Reads a duration as gRPC's service config writes it (`"10s"`, `"0.25s"`) into milliseconds. */
export function duration(value: unknown, path: string): number {
  const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(value) : null;
  if (match?.[1] !== undefined) return Number(match[1]) * 1000;
  throw new TypeError(`${path} must be a duration in seconds such as "0.5s", got ${show(value)}`);
}

/** Reads one of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new TypeError(`${path} must be ${words.map(show).join(' or ')}, got ${show(value)}`);
  };
}

/** Reads what `reader` reads, or `false`. */
export function orFalse<T>(reader: Reader<T>): Reader<T | false> {
  return (value, path) => (value === false ? false : reader(value, path));
}

/**
 * Reads an object that has no other fields than these, each of them optional. A field `xMs` that is a
 * duration is called `x` in the JSON: there the value carries the unit.
 */
export function object<S extends Shape>(shape: S): Reader<Read<S>> {
  const fields = new Map(
    Object.entries(shape).map(([name, reader]) => {
      const isDuration = reader === duration && name.endsWith('Ms');
      return [isDuration ? name.slice(0, -2) : name, { name, reader }];
    }),
  );
  return (value, path) => {
    const entries: unknown[][] = [];
    for (const [key, given] of record(value, path)) {
      const field = fields.get(key);
      const where = path === '' ? key : `${path}.${key}`;
      if (field === undefined) {
        const known = [...fields.keys()].join(', ');
        throw new TypeError(`${where} is not an option; known here: ${known}`);
      }
      if (given !== undefined) entries.push([field.name, field.reader(given, where)]);
    }
    return Object.fromEntries(entries);
  };
}

/** Returns the entries of a plain object. */
export function record(value: unknown, path: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value);
  }
  throw new TypeError(`${path === '' ? 'the config' : path} must be an object, got ${show(value)}`);
}
