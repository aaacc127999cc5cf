import type { Attempt, AttemptDetails } from './attempt.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { DispatchedAttempt } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Outcome } from './outcome.ts';

/** The balancer's side of an attempt. */
export interface AttemptOwner<E extends Endpoint> {
  now(): number;
  /** Called once at most, when the request is on its way. */
  started(attempt: PickedAttempt<E>): void;
  /** Called once, when the attempt has ended. */
  settled(
    attempt: PickedAttempt<E>,
    outcome: Outcome,
    now: number,
    latencyMs: number,
    details: AttemptDetails | undefined,
  ): void;
}

/** A pick and its attempt in one object: the only one that a call costs. */
export class PickedAttempt<E extends Endpoint> implements Attempt, DispatchedAttempt<E> {
  readonly kind = 'picked';
  /** The endpoint as it was when it was picked. */
  readonly endpoint: E;
  readonly state: EndpointState<E>;
  /** The breaker that granted the token; 0 when it was not asked. */
  readonly breaker: CircuitBreaker | undefined;
  readonly token: number;
  readonly pickedAt: number;
  readonly epoch: number;
  readonly #owner: AttemptOwner<E>;
  wasStarted = false;
  #hasEnded = false;

  constructor(
    owner: AttemptOwner<E>,
    state: EndpointState<E>,
    token: number,
    pickedAt: number,
    epoch: number,
  ) {
    this.#owner = owner;
    this.state = state;
    this.endpoint = state.endpoint;
    this.breaker = state.breaker;
    this.token = token;
    this.pickedAt = pickedAt;
    this.epoch = epoch;
  }

  get attempt(): Attempt {
    return this;
  }

  start(): void {
    if (this.wasStarted || this.#hasEnded) return;
    this.wasStarted = true;
    this.state.inFlight++;
    this.#owner.started(this);
  }

  end(outcome: Outcome, details?: AttemptDetails): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const verdict = this.wasStarted ? outcome : 'ignored';
    const latencyMs = details?.latencyMs ?? this.#owner.now() - this.pickedAt;
    const now = this.pickedAt + Math.max(0, latencyMs);
    if (this.wasStarted) {
      this.state.inFlight--;
      count(this.state, verdict);
    }
    if (this.token !== 0) this.breaker?.settle(this.token, now, verdict, latencyMs);
    this.#owner.settled(this, verdict, now, latencyMs, details);
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
