import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Outcome } from './outcome.ts';

/** One attempt of one call at one endpoint. Settles exactly once. */
export interface Attempt {
  /** Says that the request is on its way. From now on it counts as in flight. */
  start(): void;
  /**
   * Says how it ended. Further calls change nothing. An attempt that never started says nothing
   * about its endpoint, whatever the outcome: its permit is returned without a verdict.
   */
  end(outcome: Outcome, details?: AttemptDetails): void;
}

/** What else is known when an attempt ends. */
export interface AttemptDetails {
  /** Time from the pick to the end in milliseconds. Saves a reading of the clock. */
  readonly latencyMs?: number;
}

/** The balancer's side of an attempt. */
export interface AttemptOwner<E extends Endpoint> {
  now(): number;
  /** Called once, when the attempt has ended. */
  settled(attempt: PickedAttempt<E>, now: number): void;
}

/** A pick and its attempt in one object: the only one that a call costs. */
export class PickedAttempt<E extends Endpoint> implements Attempt {
  readonly kind = 'picked';
  /** The endpoint as it was when it was picked. */
  readonly endpoint: E;
  readonly state: EndpointState<E>;
  /** The breaker that granted the token; 0 when it was not asked. */
  readonly breaker: CircuitBreaker | undefined;
  readonly token: number;
  readonly pickedAt: number;
  readonly #owner: AttemptOwner<E>;
  #phase: 'picked' | 'started' | 'ended' = 'picked';

  constructor(owner: AttemptOwner<E>, state: EndpointState<E>, token: number, pickedAt: number) {
    this.#owner = owner;
    this.state = state;
    this.endpoint = state.endpoint;
    this.breaker = state.breaker;
    this.token = token;
    this.pickedAt = pickedAt;
  }

  get attempt(): Attempt {
    return this;
  }

  start(): void {
    if (this.#phase !== 'picked') return;
    this.#phase = 'started';
    this.state.inFlight++;
  }

  end(outcome: Outcome, details?: AttemptDetails): void {
    if (this.#phase === 'ended') return;
    const started = this.#phase === 'started';
    this.#phase = 'ended';
    const verdict = started ? outcome : 'ignored';
    const latencyMs = details?.latencyMs ?? this.#owner.now() - this.pickedAt;
    const now = this.pickedAt + Math.max(0, latencyMs);
    if (started) {
      this.state.inFlight--;
      count(this.state, verdict);
    }
    if (this.token !== 0) this.breaker?.settle(this.token, now, verdict, latencyMs);
    this.#owner.settled(this, now);
  }
}

function count<E extends Endpoint>(state: EndpointState<E>, outcome: Outcome): void {
  switch (outcome) {
    case 'success':
      state.successes++;
      break;
    case 'failure':
      state.failures++;
      break;
    case 'ignored':
      state.ignored++;
      break;
  }
}
