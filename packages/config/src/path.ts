/** The way to a setting: names, and numbers inside lists. */
export type Path = readonly (string | number)[];

/**
 * Writes a path with dots. Names that are no plain words are quoted:
 * `services.user.weights["10.0.0.1:50051"]`.
 */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`;
    if (!/^[\w/-]+$/.test(segment)) return `${text}[${JSON.stringify(segment)}]`;
    return text === '' ? segment : `${text}.${segment}`;
  }, '');
}

/** Says whether `value` is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Follows a path through own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const segment of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined;
    at = Reflect.get(at, segment);
  }
  return at;
}

/** Every path in `value` that ends in something other than a mapping with entries. */
export function* leavesOf(value: unknown, path: Path = []): Generator<Path> {
  if (!isMapping(value) || Object.keys(value).length === 0) {
    yield path;
    return;
  }
  for (const [name, inner] of Object.entries(value)) yield* leavesOf(inner, [...path, name]);
}
