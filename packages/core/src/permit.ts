import type { CircuitMode, CircuitState } from './circuit-breaker-event.ts';
import type { Outcome } from './outcome.ts';

/** Leave to make one call. */
export interface GrantedPermit {
  readonly granted: true;
  /** Says how the call ended, and how long it took. A second time changes nothing. */
  settle(now: number, outcome: Outcome, latencyMs?: number): void;
}

/** No leave: the call must not be made. */
export interface RefusedPermit {
  readonly granted: false;
  /** `half-open-busy`: enough probes are in flight. */
  readonly reason: 'open' | 'half-open-busy' | 'forced-open';
  /** Milliseconds until it is worth asking again. */
  readonly retryAfterMs: number;
}

/** A breaker's answer. */
export type Permit = GrantedPermit | RefusedPermit;

/** The breaker behind a permit. */
interface Grantor {
  readonly mode: CircuitMode;
  readonly state: CircuitState;
  retryAfterMs(now: number): number;
  settle(token: number, now: number, outcome: Outcome, latencyMs?: number): void;
}

/** Makes the answer to an `acquire` that returned `token`. */
export function permitOf(breaker: Grantor, token: number, now: number): Permit {
  if (token > 0) return new TokenPermit(breaker, token);
  return { granted: false, reason: reasonOf(breaker), retryAfterMs: breaker.retryAfterMs(now) };
}

function reasonOf({ mode, state }: Grantor): RefusedPermit['reason'] {
  if (mode === 'open') return 'forced-open';
  return state === 'half-open' ? 'half-open-busy' : 'open';
}

class TokenPermit implements GrantedPermit {
  readonly granted = true;
  readonly #breaker: Grantor;
  #token: number;

  constructor(breaker: Grantor, token: number) {
    this.#breaker = breaker;
    this.#token = token;
  }

  settle(now: number, outcome: Outcome, latencyMs?: number): void {
    const token = this.#token;
    this.#token = 0;
    if (token > 0) this.#breaker.settle(token, now, outcome, latencyMs);
  }
}
