import type { Backoff } from './backoff.ts';
import type { CircuitBreakerEvent } from './circuit-breaker-event.ts';
import { checkFunction, checkNames, checkNumber, DURATION, SHARE } from './option-checks.ts';

/** Options of a circuit breaker. Durations are in the milliseconds of the clock that `now` comes from. */
export interface CircuitBreakerOptions {
  /**
   * Failures in a row that open the circuit: an integer from 1, or `false` for no such rule. Not
   * limited by the window, so that it also works at a call an hour. Default 5.
   */
  readonly consecutiveFailures?: number | false;
  /** Share of failures in the window that opens the circuit, in (0, 1]; `false` for no such rule. Default 0.5. */
  readonly failureRate?: number | false;
  /**
   * Share of slow calls in the window that opens the circuit, in (0, 1]. Needs `slowCallMs`. Then a
   * slow probe counts as a failed one. Default `false`: no such rule.
   */
  readonly slowCallRate?: number | false;
  /** A call that took longer than this is slow, whatever its outcome. */
  readonly slowCallMs?: number;
  /** Counted calls that the window must hold before a rate means anything: an integer from 1. Default 20. */
  readonly minimumCalls?: number;
  /** Length of the window, > 0. Also the time in `closed` that forgives one trip. Default 10,000. */
  readonly windowMs?: number;
  /** How long the circuit stays open the first time, > 0. Doubles with every trip. Default 1,000. */
  readonly openMs?: number;
  /** The longest it stays open, before jitter; at least `openMs`. Default 60,000. */
  readonly maxOpenMs?: number;
  /** Share by which open times are spread to both sides, in [0, 1). Needs `random`. Default 0.1. */
  readonly jitter?: number;
  /** Successful probes that close the circuit: an integer from 1. One failed probe opens it again. Default 3. */
  readonly probes?: number;
  /** Probes in flight at once: an integer from 1. Others are refused, never queued. Default 1. */
  readonly probeConcurrency?: number;
  /** A probe that has not settled after this time (or at its call's deadline) has failed, > 0. Default 10,000. */
  readonly probeLeaseMs?: number;
  /** Source of randomness for jitter, uniform in [0, 1). Default: none; open times have no jitter. */
  readonly random?: (() => number) | undefined;
  /** Told of every transition, after it has happened. What it throws is dropped. */
  readonly onEvent?: ((event: CircuitBreakerEvent) => void) | undefined;
}

/** The numbers of a breaker, complete, and the open time's growth made of them. */
export interface CircuitBreakerRules
  extends Required<Omit<CircuitBreakerOptions, 'random' | 'onEvent'>> {
  readonly backoff: Backoff;
}

const DEFAULTS: Omit<CircuitBreakerRules, 'backoff'> = {
  consecutiveFailures: 5,
  failureRate: 0.5,
  slowCallRate: false,
  slowCallMs: Number.POSITIVE_INFINITY,
  minimumCalls: 20,
  windowMs: 10_000,
  openMs: 1_000,
  maxOpenMs: 60_000,
  jitter: 0.1,
  probes: 3,
  probeConcurrency: 1,
  probeLeaseMs: 10_000,
};

const NAMES = [...Object.keys(DEFAULTS), 'random', 'onEvent'];
const COUNT = { min: 1, max: 1_000_000, integer: true };

/**
 * Checks options and fills in the defaults.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function completeCircuitBreakerOptions(options: CircuitBreakerOptions): CircuitBreakerRules {
  checkNames('circuit breaker', options, NAMES);
  const { random, onEvent, ...others } = options;
  checkFunction('random', random);
  checkFunction('onEvent', onEvent);
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  const rules: typeof DEFAULTS = { ...DEFAULTS, ...Object.fromEntries(given) };

  if (rules.consecutiveFailures !== false) {
    checkNumber('consecutiveFailures', rules.consecutiveFailures, COUNT);
  }
  if (rules.failureRate !== false) checkNumber('failureRate', rules.failureRate, SHARE);
  if (rules.slowCallRate !== false) checkNumber('slowCallRate', rules.slowCallRate, SHARE);
  if (rules.slowCallRate !== false || options.slowCallMs !== undefined) {
    checkNumber('slowCallMs', rules.slowCallMs, DURATION);
  }
  checkNumber('minimumCalls', rules.minimumCalls, COUNT);
  checkNumber('windowMs', rules.windowMs, DURATION);
  checkNumber('openMs', rules.openMs, DURATION);
  checkNumber('maxOpenMs', rules.maxOpenMs, { ...DURATION, min: rules.openMs });
  checkNumber('jitter', rules.jitter, { min: 0, below: 1 });
  checkNumber('probes', rules.probes, COUNT);
  checkNumber('probeConcurrency', rules.probeConcurrency, COUNT);
  checkNumber('probeLeaseMs', rules.probeLeaseMs, DURATION);
  return share(rules);
}

let latest: CircuitBreakerRules | undefined;
let latestText = '';

/** Gives breakers with equal rules one object: there is a breaker for each endpoint. */
function share(rules: typeof DEFAULTS): CircuitBreakerRules {
  const text = Object.values(rules).join();
  if (latest !== undefined && text === latestText) return latest;
  const { openMs: initialMs, maxOpenMs: maxMs, jitter } = rules;
  latest = { ...rules, backoff: { initialMs, maxMs, multiplier: 2, jitter } };
  latestText = text;
  return latest;
}
