import type { MinimalAbortSignal } from './abort.ts';
import type { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { isCircuitOpenError } from './errors.ts';
import type { FailoverEvent } from './failover-event.ts';
import {
  checkFunction,
  checkNames,
  checkNumber,
  checkObject,
  DURATION,
  DURATION_OR_ZERO,
} from './option-checks.ts';
import type { Outcome } from './outcome.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Sleep } from './timer.ts';

/** Options of {@link runWithFailover}. */
export interface FailoverOptions {
  /**
   * Says whether a call that failed so may be sent again: `() => true` for what is safe to do twice.
   * For anything else, only what was provably not processed.
   */
  readonly retryable: (error: unknown) => boolean;
  /** The time, the balancer's. In Node.js and browsers: `performance`. */
  readonly clock: Clock;
  /** Resolves after `ms`. When `signal` aborts it must let go of its timer, and resolve or reject. */
  readonly sleep: Sleep;
  /** Attempts in all, the first included: an integer from 1. Default 3. */
  readonly maxAttempts?: number | undefined;
  /**
   * How long an attempt may take, > 0, without the time in which the process was blocked (as far as that
   * is no longer than the attempt's own). Without it, a hanging endpoint is not failed over from.
   */
  readonly perAttemptTimeoutMs?: number | undefined;
  /** How long the call may take with all its attempts, > 0. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Bounds the retries of all calls that share it. Default: none, which multiplies load in an outage. */
  readonly budget?: RetryBudget | undefined;
  /** Waits before retries. Default: 25 ms, doubling up to 250 ms, ± 20 %. */
  readonly backoff?: Partial<Backoff> | undefined;
  /** Source of randomness for the jitter, uniform in [0, 1). Default: none; waits have no jitter. */
  readonly random?: (() => number) | undefined;
  /**
   * When an attempt has not ended after this time, another one is sent beside it, > 0. The first
   * answer wins; failures are followed by the next attempt at once. Default: no hedging.
   */
  readonly hedgingDelayMs?: number | undefined;
  /** Once every endpoint has been tried: fail (`stop`), or try them again (`repeat`). Default `repeat`. */
  readonly whenAllTried?: 'stop' | 'repeat' | undefined;
  /** Aborting it ends the call, whatever it is doing. Says nothing about the endpoint. */
  readonly signal?: MinimalAbortSignal | undefined;
  /** What the server said on retries, as text (see {@link parsePushbackMs}), if it did. */
  readonly pushback?: ((error: unknown) => string | undefined) | undefined;
  /**
   * What an error says about its endpoint. Default: `failure`, or `ignored` for an open circuit. So
   * `call` should return the answers a healthy endpoint gives, "not found" too, and not throw them.
   */
  readonly outcome?: ((error: unknown) => Outcome) | undefined;
  /** Told of every retry and hedge, and why there was none. What it throws is dropped. */
  readonly onEvent?: ((event: FailoverEvent) => void) | undefined;
}

/** Options with their defaults filled in. */
export interface CompleteFailoverOptions extends FailoverOptions {
  readonly maxAttempts: number;
  /** Pays for the attempts of calls that have reached no endpoint yet. Without it, `budget` does. */
  readonly unsentBudget?: RetryBudget | undefined;
  readonly backoff: Backoff;
  readonly whenAllTried: 'stop' | 'repeat';
  readonly outcome: (error: unknown) => Outcome;
  readonly onEvent: (event: FailoverEvent) => void;
}

const FUNCTIONS = ['random', 'pushback', 'outcome', 'onEvent'] as const;
const DURATIONS = ['perAttemptTimeoutMs', 'timeoutMs', 'hedgingDelayMs'] as const;
const OTHERS = ['retryable', 'clock', 'sleep', 'maxAttempts', 'budget', 'backoff'] as const;
const NAMES = [...FUNCTIONS, ...DURATIONS, ...OTHERS, 'whenAllTried', 'signal'];

/**
 * Checks options and fills in the defaults.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function completeFailoverOptions(options: FailoverOptions): CompleteFailoverOptions {
  checkNames('failover', options, NAMES);
  const { maxAttempts = 3, whenAllTried = 'repeat' } = options;
  const { outcome = outcomeOf, onEvent = ignore } = options;
  checkFunction('retryable', options.retryable, true);
  checkFunction('sleep', options.sleep, true);
  checkObject('clock', options.clock);
  checkNumber('maxAttempts', maxAttempts, { min: 1, max: 1_000, integer: true });
  for (const name of DURATIONS) {
    if (options[name] !== undefined) checkNumber(name, options[name], DURATION);
  }
  for (const name of FUNCTIONS) checkFunction(name, options[name]);
  if (whenAllTried !== 'stop' && whenAllTried !== 'repeat') {
    throw new RangeError(`whenAllTried must be stop or repeat, got ${String(whenAllTried)}`);
  }
  const backoff = completeBackoff(options);
  return { ...options, maxAttempts, whenAllTried, outcome, onEvent, backoff };
}

function completeBackoff({ backoff = {} }: FailoverOptions): Backoff {
  checkNames('backoff', backoff, ['initialMs', 'maxMs', 'multiplier', 'jitter']);
  const { initialMs = 25, multiplier = 2, jitter = 0.2 } = backoff;
  const { maxMs = Math.max(initialMs, 250) } = backoff;
  checkNumber('backoff.initialMs', initialMs, DURATION_OR_ZERO);
  checkNumber('backoff.maxMs', maxMs, { ...DURATION_OR_ZERO, min: initialMs });
  checkNumber('backoff.multiplier', multiplier, { min: 1, max: 100 });
  checkNumber('backoff.jitter', jitter, { min: 0, below: 1 });
  return { initialMs, maxMs, multiplier, jitter };
}

function outcomeOf(error: unknown): Outcome {
  return isCircuitOpenError(error) ? 'ignored' : 'failure';
}

function ignore(): void {}
