import type { CircuitMode, CircuitState } from './circuit-breaker-event.ts';
import { checkNumber, checkObject, type NumberRange } from './option-checks.ts';
import type { ProbesJson } from './probes.ts';
import { type RollingWindowJson, WINDOW_BUCKETS, WINDOW_FIELDS } from './rolling-window.ts';

/** What a circuit breaker keeps, its window and its probes apart. Times are its own clock's. */
export interface CircuitBreakerData {
  mode: CircuitMode;
  state: CircuitState;
  /** The latest time it has seen. */
  at: number;
  /** When the state was entered. */
  since: number;
  /** When the open time is over. */
  until: number;
  /** Trips that count towards the next open time. */
  trips: number;
  /** The random sample for the next open time, drawn ahead so that `pickable` can foresee it. */
  sample: number;
  /** Number of changes of state so far. */
  generation: number;
  /** The last token issued. */
  lastToken: number;
  /** The first token of this generation: those below it are void. */
  firstToken: number;
  failuresInARow: number;
}

/** A circuit breaker as plain data. */
export interface CircuitBreakerJson extends Readonly<CircuitBreakerData> {
  readonly version: 1;
  readonly window: RollingWindowJson;
  /** The probes, while half-open. */
  readonly probes: ProbesJson | null;
}

/** A circuit breaker that has seen nothing yet. */
export const BLANK: Readonly<CircuitBreakerData> = {
  mode: 'auto',
  state: 'closed',
  at: Number.MIN_SAFE_INTEGER,
  since: Number.MIN_SAFE_INTEGER,
  until: Number.MIN_SAFE_INTEGER,
  trips: 0,
  sample: 0.5,
  generation: 0,
  lastToken: 0,
  firstToken: 1,
  failuresInARow: 0,
};

/**
 * Returns what a breaker made of `json` keeps; with `now`, moved to that clock. Tokens issued before
 * the move are void: their calls run in another process.
 */
export function dataOf(json: CircuitBreakerJson, now?: number): CircuitBreakerData {
  const { version: _version, window: _window, probes: _probes, ...data } = json;
  if (now === undefined) return data;
  const shiftMs = now - data.at;
  const times = { at: now, since: data.since + shiftMs, until: data.until + shiftMs };
  return { ...data, ...times, firstToken: data.lastToken + 1 };
}

const COUNTERS = ['trips', 'generation', 'lastToken', 'firstToken', 'failuresInARow'] as const;
const INTEGER: NumberRange = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true };
const TIME: NumberRange = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };

/**
 * Checks data that claims to be a circuit breaker's: it may come from a file or another process.
 *
 * @throws {RangeError | TypeError} naming the field and the value.
 */
export function checkCircuitBreakerJson(json: CircuitBreakerJson): void {
  checkObject('json', json);
  checkOneOf('json.version', json.version, [1]);
  checkOneOf('json.mode', json.mode, ['auto', 'open', 'closed']);
  checkOneOf('json.state', json.state, ['closed', 'open', 'half-open']);
  for (const name of ['at', 'since', 'until'] as const)
    checkNumber(`json.${name}`, json[name], TIME);
  for (const name of COUNTERS) checkNumber(`json.${name}`, json[name], INTEGER);
  checkNumber('json.sample', json.sample, { min: 0, below: 1 });
  checkWindow(json.window);
  if (json.probes !== null) checkProbes(json.probes);
  if ((json.probes !== null) !== (json.state === 'half-open')) {
    throw new RangeError(`json.probes must be there exactly when half-open, got ${json.state}`);
  }
}

function checkWindow(json: RollingWindowJson): void {
  checkObject('json.window', json);
  checkNumber('json.window.bucketMs', json.bucketMs, { above: 0 });
  checkNumber('json.window.slot', json.slot, { ...TIME, integer: true });
  checkArray('json.window.buckets', json.buckets);
  checkOneOf('json.window.buckets.length', json.buckets.length, [WINDOW_BUCKETS * WINDOW_FIELDS]);
  for (const count of json.buckets) checkNumber('json.window.buckets', count, INTEGER);
}

function checkProbes(json: ProbesJson): void {
  checkObject('json.probes', json);
  checkNumber('json.probes.succeeded', json.succeeded, INTEGER);
  checkNumber('json.probes.ignored', json.ignored, INTEGER);
  checkArray('json.probes.leases', json.leases);
  for (const lease of json.leases) {
    checkObject('json.probes.leases', lease);
    checkNumber('json.probes.leases.token', lease.token, INTEGER);
    checkNumber('json.probes.leases.expiresAt', lease.expiresAt, TIME);
  }
}

function checkArray(name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TypeError(`${name} must be an array, got ${String(value)}`);
}

function checkOneOf(name: string, value: unknown, expected: readonly unknown[]): void {
  if (expected.includes(value)) return;
  throw new RangeError(`${name} must be ${expected.join(' or ')}, got ${String(value)}`);
}
