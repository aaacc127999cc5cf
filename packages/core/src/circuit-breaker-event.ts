import type { TripReason } from './trip-rule.ts';

/**
 * - `closed`: calls pass and are counted.
 * - `open`: calls are refused until the open time is over.
 * - `half-open`: a few calls pass as probes; they decide whether it closes or opens again.
 */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** `auto`: the rules decide. `open`: refuses every call. `closed`: grants every call, counts none. */
export type CircuitMode = 'auto' | 'open' | 'closed';

/** Why a circuit changed its state. */
export type CircuitBreakerReason =
  | TripReason
  /** The open time is over: probes may pass. */
  | 'open-time-over'
  | 'probes-succeeded'
  /** A probe failed, or was slow while slow calls are counted. */
  | 'probe-failed'
  /** A probe did not settle within its lease. */
  | 'probe-lost'
  /** Too many probes were ignored. Opens again without counting as a trip. */
  | 'probes-inconclusive'
  /** Somebody called `force`. */
  | 'forced';

/** A circuit breaker's change of state. */
export interface CircuitBreakerEvent {
  readonly type: 'breaker';
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly reason: CircuitBreakerReason;
  /** When, in the milliseconds of the breaker's clock. */
  readonly at: number;
  readonly mode: CircuitMode;
  /** Trips that count towards the next open time. */
  readonly trips: number;
  /** How long it stays open. 0 unless `to` is `open` and the mode is `auto`. */
  readonly openMs: number;
}
