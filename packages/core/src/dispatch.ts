import type { AttemptDetails } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointLoad, EndpointState } from './endpoint-state.ts';
import type { Outcome } from './outcome.ts';

/**
 * A rule by which a balancer chooses among the endpoints in rotation.
 *
 * `'static'` is built in: weights alone decide. `adaptiveDispatch()` of `@wrr/core/adaptive` makes
 * one that also heeds load and latency. It is a value that is passed in, and not a name, so that
 * those who do not use it do not ship it.
 */
export interface Dispatch {
  /** Its name, for people. */
  readonly mode: string;
  /**
   * Called by a balancer with its source of randomness. Returns `previous`, with new options, when it
   * is one of its own.
   */
  createDispatcher<E extends Endpoint>(
    random: (() => number) | undefined,
    previous: Dispatcher<E> | undefined,
  ): Dispatcher<E>;
}

/** An attempt, as a dispatcher sees it. */
export interface DispatchedAttempt<E extends Endpoint> {
  readonly state: EndpointState<E>;
  /** The dispatcher's {@link Dispatcher.epoch} at its pick. */
  readonly epoch: number;
  /** Whether the request was on its way. */
  readonly wasStarted: boolean;
}

/** A dispatch at work in one balancer, which owns it. Calls of unknown endpoints change nothing. */
export interface Dispatcher<E extends Endpoint> {
  /** Adds an endpoint, or takes over its weight and its warm-up factor. */
  set(state: EndpointState<E>): void;
  delete(state: EndpointState<E>): void;
  /** Takes over whether the endpoint is in rotation. */
  setRotation(state: EndpointState<E>): void;
  /** Called after a change of the set or the policy, with the whole set. */
  fit(states: ReadonlyMap<string, EndpointState<E>>, warmsUp: boolean): void;
  /** Chooses, with `tried` on the subset without those keys. Without it, allocates nothing. */
  next(now: number, tried: ReadonlySet<string> | undefined): EndpointState<E> | undefined;
  /** Belongs to the last pick; its attempt shows it again. */
  readonly epoch: number;
  started(attempt: DispatchedAttempt<E>): void;
  ended(
    attempt: DispatchedAttempt<E>,
    outcome: Outcome,
    now: number,
    latencyMs: number,
    details: AttemptDetails | undefined,
  ): void;
  /** What it knows of an endpoint, for people; `undefined` when that is no more than its weight. */
  describe(state: EndpointState<E>, now: number): EndpointLoad | undefined;
  /** Credit of an endpoint in calls: positive when it is owed some. */
  credit(state: EndpointState<E>): number | undefined;
  /** Takes over credits in calls, by key, from the dispatcher before this one. */
  restore(credits: ReadonlyMap<string, number>): void;
}
