import { type AttemptOwner, PickedAttempt } from './attempt.ts';
import {
  type BalancerOptions,
  type BalancerPolicy,
  type CompletePolicy,
  completePolicy,
} from './balancer-options.ts';
import { type CircuitBreakerEvent, createCircuitBreaker } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import { Ejections } from './ejection.ts';
import { checkEndpoints, type Endpoint } from './endpoint.ts';
import { EndpointState, type EndpointStatus } from './endpoint-state.ts';
import type { BalancerEvent } from './events.ts';
import { callSafely } from './listeners.ts';
import { explainNoPick, type PickOptions, type PickResult } from './pick.ts';
import type { Scheduler } from './scheduler.ts';
import { createSmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';
import { WarmUpRamp } from './warm-up-ramp.ts';
import { MAX_WEIGHT } from './weight.ts';

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
  readonly #scheduler: Scheduler<string>;
  readonly #states = new Map<string, EndpointState<E>>();
  readonly #ejections = new Ejections<E>();
  readonly #ramp = new WarmUpRamp<E>();
  readonly #pending: BalancerEvent[] = [];
  #policy: CompletePolicy;
  /** Factor of all weights in the scheduler, so that a ramp of small weights has steps. */
  #scale = 1;

  constructor(options: BalancerOptions) {
    const { clock, random, assumeAvailable = true, onEvent } = options;
    this.#policy = completePolicy(options);
    this.#clock = clock;
    this.#random = random;
    this.#assumeAvailable = assumeAvailable;
    this.#listener = onEvent;
    this.#scheduler = createSmoothWeightedRoundRobin<string>(random && { random });
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
    const keys = new Set(endpoints.map(({ key }) => key));
    for (const key of this.#states.keys()) if (!keys.has(key)) this.#remove(key);
    for (const endpoint of endpoints) {
      const state = this.#states.get(endpoint.key);
      if (state === undefined) this.#add(endpoint, joining, now);
      else this.#replace(state, endpoint);
    }
    this.#rescale();
    this.#changed(now);
  }

  setAvailable(key: string, available: boolean): void {
    const state = this.#states.get(key);
    if (state === undefined || state.available === available) return;
    const now = this.now();
    state.available = available;
    if (available) this.#reachable(state, now);
    else state.unavailableSince = now;
    if (this.#ejections.any) return this.#changed(now);
    state.inRotation = available;
    this.#setRotation(state);
  }

  pick(options?: PickOptions): PickResult<E> {
    const now = this.now();
    if (now >= this.#ejections.nextReviewAt) this.#changed(now);
    if (now >= this.#ramp.nextStepAt) this.#advanceRamp(now);
    let key = this.#scheduler.next(options?.tried);
    if (key === undefined && options?.whenAllTried === 'repeat') key = this.#scheduler.next();
    const state = key === undefined ? undefined : this.#states.get(key);
    if (state === undefined) return explainNoPick(now, this.#states, options?.tried);
    state.picks++;
    const { breaker } = state;
    if (breaker === undefined) return new PickedAttempt(this, state, 0, now);
    // Refused only where the cap or panic overrules the breaker: then the attempt has no token.
    const attempt = new PickedAttempt(this, state, breaker.acquire(now, options?.deadline), now);
    if (breaker.state !== 'closed') this.#changed(now);
    return attempt;
  }

  settled(attempt: PickedAttempt<E>, now: number): void {
    if (attempt.state.troubled || this.#pending.length > 0) this.#changed(now);
  }

  configure(policy: BalancerPolicy): void {
    const next = completePolicy(policy);
    const now = this.now();
    this.#policy = next;
    for (const state of this.#states.values()) this.#giveBreaker(state);
    if (next.warmUp === false) this.#ramp.stop(this.#setWeight);
    this.#rescale();
    this.#changed(now);
  }

  endpoints(): readonly EndpointStatus[] {
    return Array.from(this.#states.values(), (state) => state.status());
  }

  #add(endpoint: E, joining: boolean, now: number): void {
    const state = new EndpointState(endpoint, this.#assumeAvailable, joining);
    this.#states.set(endpoint.key, state);
    this.#giveBreaker(state);
    this.#setWeight(state);
    this.#scheduler.setAvailable(endpoint.key, state.available);
    if (state.available) this.#reachable(state, now);
    this.#tell({ type: 'endpoint-added', key: endpoint.key, weight: endpoint.weight });
  }

  #remove(key: string): void {
    const state = this.#states.get(key);
    if (state !== undefined) state.removed = true;
    this.#states.delete(key);
    this.#scheduler.delete(key);
    this.#tell({ type: 'endpoint-removed', key });
  }

  #replace(state: EndpointState<E>, endpoint: E): void {
    const before = state.endpoint.weight;
    state.endpoint = endpoint;
    if (endpoint.weight === before) return;
    this.#setWeight(state);
    this.#tell({ type: 'endpoint-weight', key: endpoint.key, weight: endpoint.weight });
  }

  /** Gives an endpoint the breaker of the policy: a new one, none, or its own with new options. */
  #giveBreaker(state: EndpointState<E>): void {
    const { circuitBreaker } = this.#policy;
    if (circuitBreaker === false) {
      state.breaker = undefined;
      state.ejected = false;
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

  readonly #setWeight = (state: EndpointState<E>): void => {
    const { key, weight } = state.endpoint;
    const effective = Math.round(weight * this.#scale * state.warmUpFactor);
    this.#scheduler.set(key, weight === 0 ? 0 : Math.max(1, effective));
  };

  readonly #setRotation = (state: EndpointState<E>): void => {
    this.#scheduler.setAvailable(state.endpoint.key, state.inRotation);
  };

  #rescale(): void {
    let scale = 1;
    if (this.#policy.warmUp !== false) {
      let largest = 1;
      for (const { endpoint } of this.#states.values())
        largest = Math.max(largest, endpoint.weight);
      scale = Math.min(100, Math.floor(MAX_WEIGHT / largest));
    }
    if (scale === this.#scale) return;
    this.#scale = scale;
    for (const state of this.#states.values()) this.#setWeight(state);
  }

  #advanceRamp(now: number): void {
    const { warmUp } = this.#policy;
    if (warmUp !== false) this.#ramp.advance(now, this.#states, warmUp, this.#setWeight);
  }

  /** Brings rotation up to date after a change, then tells what has happened. */
  #changed(now: number): void {
    const event = this.#ejections.review(now, this.#states, this.#policy, this.#setRotation);
    if (event !== undefined) this.#tell(event);
    if (this.#listener === undefined) this.#pending.length = 0;
    else for (const told of this.#pending.splice(0)) callSafely(this.#listener, told);
  }

  #tell(event: BalancerEvent): void {
    this.#pending.push(event);
  }
}
