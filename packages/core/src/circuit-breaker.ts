import type { CircuitMode, CircuitState } from './circuit-breaker-event.ts';
import { type CircuitBreakerJson, checkCircuitBreakerJson } from './circuit-breaker-json.ts';
import { CircuitBreakerMachine } from './circuit-breaker-machine.ts';
import {
  type CircuitBreakerOptions,
  completeCircuitBreakerOptions,
} from './circuit-breaker-options.ts';
import type { Outcome } from './outcome.ts';
import { type Permit, permitOf } from './permit.ts';

export type {
  CircuitBreakerEvent,
  CircuitBreakerReason,
  CircuitMode,
  CircuitState,
} from './circuit-breaker-event.ts';
export type { CircuitBreakerJson } from './circuit-breaker-json.ts';
export type { CircuitBreakerOptions } from './circuit-breaker-options.ts';

/**
 * Stops calls to what keeps failing, and lets probes through to see whether it has recovered.
 *
 * A pure state machine: it has no timer and reads no clock. Time comes in as `now`, in milliseconds
 * that never run backwards (steps back, `NaN` and infinities are taken as "no later than before").
 * What time alone changes is worked out by the next call, as if it had been noticed at once.
 *
 * A call's result counts only in the state that let the call through: every change of state starts a
 * generation of tokens, and results of earlier generations change nothing.
 */
export interface CircuitBreaker {
  /** The state as of the last call that took a `now`. While forced, the forced one. */
  readonly state: CircuitState;
  readonly mode: CircuitMode;
  /** Trips that count towards the next open time; each `windowMs` spent closed forgives one. */
  readonly trips: number;
  /** Says whether a call would be granted at `now`. Changes nothing; allocates nothing. */
  pickable(now: number): boolean;
  /**
   * Asks to make a call. What is granted must be settled, once. `deadline` is the call's, in the
   * clock's milliseconds: a probe is given up then at the latest.
   */
  tryAcquire(now: number, options?: { readonly deadline?: number | undefined }): Permit;
  /**
   * The same without the object: returns a token > 0 to settle with, or 0 when refused. Allocates
   * nothing while closed or open.
   */
  acquire(now: number, deadline?: number): number;
  /**
   * Says how the call of a token ended, and how long it took. Unknown tokens, tokens of an earlier
   * state and a probe's second result change nothing.
   */
  settle(token: number, now: number, outcome: Outcome, latencyMs?: number): void;
  /**
   * Milliseconds until it is worth asking again; 0 when pickable. Always finite: `maxOpenMs` while
   * forced open, and at most `openMs` while probes are in flight.
   */
  retryAfterMs(now: number): number;
  /** Holds the circuit open or closed, or lets go (`auto`). A change of mode starts afresh, closed. */
  force(mode: CircuitMode, now?: number): void;
  /**
   * Takes new options, whole; `random` and `onEvent` stay unless given. State, trips, counts within
   * the new window and probes in flight stay too; an open time is cut to the new maximum.
   *
   * @throws {RangeError | TypeError} if one is wrong; nothing has changed then.
   */
  reconfigure(options: CircuitBreakerOptions, now?: number): void;
  /** Everything it knows, as plain data; with `now`, as of then. Options are not part of it. */
  toJSON(now?: number): CircuitBreakerJson;
}

/**
 * Creates a circuit breaker, closed, or as `json` says. With `now`, the json's times are moved to
 * this clock, as if its last moment were now, and calls in flight there are forgotten: for a
 * hand-over to another process.
 *
 * Every call is O(1). A breaker holds no timer and takes about 700 bytes.
 *
 * @throws {RangeError | TypeError} naming the option or field, the value and what was expected.
 */
export function createCircuitBreaker(
  options: CircuitBreakerOptions = {},
  json?: CircuitBreakerJson,
  now?: number,
): CircuitBreaker {
  const rules = completeCircuitBreakerOptions(options);
  if (json !== undefined) checkCircuitBreakerJson(json);
  return new Breaker(rules, options, json, now);
}

/**
 * The public face of the machine: checked arguments, and permits as objects. A time that is not
 * given is `NaN`, which the machine takes as no later than before.
 */
class Breaker extends CircuitBreakerMachine implements CircuitBreaker {
  tryAcquire(now: number, options?: { readonly deadline?: number | undefined }): Permit {
    return permitOf(this, this.acquire(now, options?.deadline), now);
  }

  override force(mode: CircuitMode, now: number = Number.NaN): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') {
      throw new RangeError(`mode must be auto, open or closed, got ${String(mode)}`);
    }
    super.force(mode, now);
  }

  reconfigure(options: CircuitBreakerOptions, now: number = Number.NaN): void {
    this.adopt(completeCircuitBreakerOptions(options), options, now);
  }

  toJSON(now?: number): CircuitBreakerJson {
    // JSON.stringify calls this with a key, which is no time.
    return this.json(typeof now === 'number' ? now : Number.NaN);
  }
}
