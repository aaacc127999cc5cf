/** The longest duration an option can have: a day. Keeps every derived wait within a timer's range. */
export const MAX_DURATION_MS = 86_400_000;

/** What a number must be: bounds, and whether it must be an integer. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** The smallest value that is just too small, for open intervals. */
  readonly above?: number;
  /** The value that is just too large, for half-open intervals. */
  readonly below?: number;
  readonly integer?: boolean;
}

/** A duration in milliseconds: greater than 0, at most a day. */
export const DURATION: NumberRange = { above: 0, max: MAX_DURATION_MS };
/** A duration that can be nothing at all. */
export const DURATION_OR_ZERO: NumberRange = { min: 0, max: MAX_DURATION_MS };
/** A share of the whole, without zero. */
export const SHARE: NumberRange = { above: 0, max: 1 };

/**
 * Returns `value` when it is a number within `range`.
 *
 * @throws {RangeError} naming the option, the value and what was expected.
 */
export function checkNumber(name: string, value: unknown, range: NumberRange): number {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, integer } = range;
  if (
    typeof value === 'number' &&
    (integer ? Number.isInteger(value) : Number.isFinite(value)) &&
    value >= min &&
    value <= max &&
    value > above &&
    value < below
  ) {
    return value;
  }
  throw new RangeError(`${name} must be ${describe(range)}, got ${show(value)}`);
}

/**
 * Checks that `value` is a function, or absent unless it is required.
 *
 * @throws {TypeError} naming the option and the value.
 */
export function checkFunction(name: string, value: unknown, required = false): void {
  if ((value === undefined && !required) || typeof value === 'function') return;
  throw new TypeError(`${name} must be a function, got ${show(value)}`);
}

/**
 * Checks that `value` is an object.
 *
 * @throws {TypeError} naming it and the value.
 */
export function checkObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new TypeError(`${name} must be an object, got ${show(value)}`);
}

/**
 * Checks that `options` is an object with known names only: a misspelt option would otherwise be a
 * silent default.
 *
 * @throws {TypeError} naming the option.
 */
export function checkNames(what: string, options: object, known: readonly string[]): void {
  checkObject(what, options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`unknown option ${name} of ${what}: expected one of ${known.join(', ')}`);
    }
  }
}

function describe({ min, max, above, below, integer }: NumberRange): string {
  const bounds = [
    min === undefined ? '' : `>= ${min}`,
    above === undefined ? '' : `> ${above}`,
    max === undefined ? '' : `<= ${max}`,
    below === undefined ? '' : `< ${below}`,
  ].filter((bound) => bound !== '');
  return `${integer ? 'an integer' : 'a number'} ${bounds.join(' and ')}`.trim();
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
