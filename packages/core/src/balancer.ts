import type { AttemptDetails } from './attempt.ts';
import {
  type BalancerOptions,
  type BalancerPolicy,
  type CompletePolicy,
  completePolicy,
} from './balancer-options.ts';
import { changeDispatcher } from './change-dispatcher.ts';
import { type CircuitBreakerEvent, createCircuitBreaker } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import type { Dispatcher } from './dispatch.ts';
import { Ejections } from './ejection.ts';
import { checkEndpoints, type Endpoint } from './endpoint.ts';
import { EndpointState, type EndpointStatus } from './endpoint-state.ts';
import type { BalancerEvent } from './events.ts';
import { callSafely } from './listeners.ts';
import type { Outcome } from './outcome.ts';
import { explainNoPick, type PickOptions, type PickResult } from './pick.ts';
import { type AttemptOwner, PickedAttempt } from './picked-attempt.ts';
import { WarmUpRamp } from './warm-up-ramp.ts';

/** Spreads calls over endpoints by weight, and keeps them away from those that fail. */
export interface Balancer<E extends Endpoint> {
  /**
   * Takes over a whole set of endpoints. Survivors keep their credit, breaker and warm-up; an equal
   * set changes nothing. O(n).
   *
   * @throws {RangeError | TypeError} naming the endpoint, before anything has changed.
   */
  update(endpoints: readonly E[]): void;
  /** Says whether an endpoint can be reached. Its credit is frozen while it cannot. */
  setAvailable(key: string, available: boolean): void;
  /** Picks the endpoint for one attempt. Reads the clock once; allocates one object. */
  pick(options?: PickOptions): PickResult<E>;
  /**
   * Changes the policy of a running balancer: breakers keep what they have seen.
   *
   * @throws {RangeError | TypeError} naming the option, before anything has changed.
   */
  configure(policy: BalancerPolicy): void;
  /** Lists every endpoint with its state and counters, for people. */
  endpoints(): readonly EndpointStatus[];
  /** Whether breakers are ignored because too few endpoints are available. */
  readonly panic: boolean;
}

/**
 * Creates a balancer without endpoints.
 *
 * @throws {RangeError | TypeError} naming the option and the value.
 */
export function createBalancer<E extends Endpoint>(options: BalancerOptions): Balancer<E> {
  return new WeightedBalancer(options);
}

class WeightedBalancer<E extends Endpoint> implements Balancer<E>, AttemptOwner<E> {
  readonly #clock: Clock;
  readonly #random: (() => number) | undefined;
  readonly #assumeAvailable: boolean;
  readonly #listener: ((event: BalancerEvent) => void) | undefined;
  readonly #states = new Map<string, EndpointState<E>>();
  readonly #ejections = new Ejections<E>();
  readonly #ramp = new WarmUpRamp<E>();
  readonly #pending: BalancerEvent[] = [];
  #policy: CompletePolicy;
  #dispatcher: Dispatcher<E>;

  constructor(options: BalancerOptions) {
    const { clock, random, assumeAvailable = true, onEvent } = options;
    this.#policy = completePolicy(options);
    this.#clock = clock;
    this.#random = random;
    this.#assumeAvailable = assumeAvailable;
    this.#listener = onEvent;
    this.#dispatcher = changeDispatcher(undefined, this.#policy, random, this.#states);
  }

  get panic(): boolean {
    return this.#ejections.panic;
  }

  now(): number {
    return this.#clock.now();
  }

  update(endpoints: readonly E[]): void {
    checkEndpoints(endpoints);
    const now = this.now();
    const joining = this.#states.size > 0;
    const chosen = this.#policy.subset?.(endpoints) ?? endpoints;
    const keys = new Set(chosen.map(({ key }) => key));
    for (const state of this.#states.values()) {
      if (!keys.has(state.endpoint.key)) this.#remove(state);
    }
    for (const endpoint of chosen) {
      const state = this.#states.get(endpoint.key);
      if (state === undefined) this.#add(endpoint, joining, now);
      else this.#replace(state, endpoint);
    }
    this.#dispatcher.fit(this.#states, this.#policy.warmUp !== false);
    this.#changed(now);
  }

  setAvailable(key: string, available: boolean): void {
    const state = this.#states.get(key);
    if (state === undefined || state.available === available) return;
    const now = this.now();
    state.available = available;
    if (available) this.#reachable(state, now);
    else state.unavailableSince = now;
    if (!this.#ejections.any) {
      state.inRotation = available;
      this.#dispatcher.setRotation(state);
    } else this.#changed(now);
  }

  pick(options?: PickOptions): PickResult<E> {
    const now = this.now();
    if (now >= this.#ejections.nextReviewAt) this.#changed(now);
    if (now >= this.#ramp.nextStepAt) this.#advanceRamp(now);
    const dispatcher = this.#dispatcher;
    let state = dispatcher.next(now, options?.tried);
    if (state === undefined && options?.whenAllTried === 'repeat') {
      state = dispatcher.next(now, undefined);
    }
    if (state === undefined) return explainNoPick(now, this.#states, options?.tried);
    state.picks++;
    const { breaker } = state;
    // Refused only where the cap or panic overrules the breaker: then the attempt has no token.
    const token = breaker === undefined ? 0 : breaker.acquire(now, options?.deadline);
    const attempt = new PickedAttempt(this, state, token, now, dispatcher.epoch);
    if (breaker !== undefined && breaker.state !== 'closed') this.#changed(now);
    return attempt;
  }

  started(attempt: PickedAttempt<E>): void {
    this.#dispatcher.started(attempt);
  }

  settled(
    attempt: PickedAttempt<E>,
    outcome: Outcome,
    now: number,
    latencyMs: number,
    details: AttemptDetails | undefined,
  ): void {
    this.#dispatcher.ended(attempt, outcome, now, latencyMs, details);
    if (attempt.state.troubled || this.#pending.length > 0) this.#changed(now);
  }

  configure(policy: BalancerPolicy): void {
    const next = completePolicy(policy);
    const now = this.now();
    this.#policy = next;
    for (const state of this.#states.values()) this.#giveBreaker(state);
    if (next.warmUp === false) this.#ramp.stop(this.#apply);
    this.#dispatcher = changeDispatcher(this.#dispatcher, next, this.#random, this.#states);
    this.#changed(now);
  }

  endpoints(): readonly EndpointStatus[] {
    const now = this.now();
    return Array.from(this.#states.values(), (state) =>
      state.status(this.#dispatcher.describe(state, now)),
    );
  }

  #add(endpoint: E, joining: boolean, now: number): void {
    const state = new EndpointState(endpoint, this.#assumeAvailable, joining);
    this.#states.set(endpoint.key, state);
    this.#giveBreaker(state);
    this.#apply(state);
    if (state.available) this.#reachable(state, now);
    this.#tell({ type: 'endpoint-added', key: endpoint.key, weight: endpoint.weight });
  }

  #remove(state: EndpointState<E>): void {
    const { key } = state.endpoint;
    state.removed = true;
    this.#states.delete(key);
    this.#dispatcher.delete(state);
    this.#tell({ type: 'endpoint-removed', key });
  }

  #replace(state: EndpointState<E>, endpoint: E): void {
    const before = state.endpoint.weight;
    state.endpoint = endpoint;
    if (endpoint.weight === before) return;
    this.#apply(state);
    this.#tell({ type: 'endpoint-weight', key: endpoint.key, weight: endpoint.weight });
  }

  /** Gives an endpoint the breaker of the policy: a new one, none, or its own with new options. */
  #giveBreaker(state: EndpointState<E>): void {
    const { circuitBreaker } = this.#policy;
    if (circuitBreaker === false) {
      state.breaker = undefined;
      return;
    }
    const options = {
      ...circuitBreaker,
      ...(this.#random && { random: this.#random }),
      onEvent: (event: CircuitBreakerEvent) => this.#breakerChanged(state, event),
    };
    if (state.breaker === undefined) state.breaker = createCircuitBreaker(options);
    else state.breaker.reconfigure(options);
  }

  #breakerChanged(state: EndpointState<E>, event: CircuitBreakerEvent): void {
    if (state.removed) return;
    if (event.to !== 'closed') this.#ejections.add(state);
    else if (this.#policy.warmUp !== false) this.#ramp.start(state, event.at);
    this.#tell({ ...event, key: state.endpoint.key });
  }

  /** An endpoint can be reached: for the first time, or again. */
  #reachable(state: EndpointState<E>, now: number): void {
    const { warmUp } = this.#policy;
    const { unavailableSince, warmsUp } = state;
    state.warmsUp = false;
    state.unavailableSince = undefined;
    if (warmUp === false) return;
    const wasAwayMs = unavailableSince === undefined ? 0 : now - unavailableSince;
    const isBack = unavailableSince !== undefined && wasAwayMs >= warmUp.afterUnavailableMs;
    if (warmsUp || isBack) this.#ramp.start(state, now);
  }

  /** Takes over what has changed of an endpoint. */
  readonly #apply = (state: EndpointState<E>): void => {
    this.#dispatcher.set(state);
    this.#dispatcher.setRotation(state);
  };

  #advanceRamp(now: number): void {
    const { warmUp } = this.#policy;
    if (warmUp !== false) this.#ramp.advance(now, this.#states, warmUp, this.#apply);
  }

  /** Brings rotation up to date after a change, then tells what has happened. */
  #changed(now: number): void {
    const event = this.#ejections.review(now, this.#states, this.#policy, this.#apply);
    if (event !== undefined) this.#tell(event);
    if (this.#listener === undefined) this.#pending.length = 0;
    else for (const told of this.#pending.splice(0)) callSafely(this.#listener, told);
  }

  #tell(event: BalancerEvent): void {
    this.#pending.push(event);
  }
}
