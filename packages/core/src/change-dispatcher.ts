import type { CompletePolicy } from './balancer-options.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import { StaticDispatcher } from './static-dispatcher.ts';

/**
 * Returns the dispatcher that a policy asks for: `previous` when it is of that kind, else a new one
 * that goes on from the credits of `previous`. O(n).
 */
export function changeDispatcher<E extends Endpoint>(
  previous: Dispatcher<E> | undefined,
  { dispatch, warmUp }: CompletePolicy,
  random: (() => number) | undefined,
  states: ReadonlyMap<string, EndpointState<E>>,
): Dispatcher<E> {
  const next = createDispatcher(previous, dispatch, random);
  const credits = new Map<string, number>();
  if (previous !== undefined && next !== previous) {
    for (const [key, state] of states) {
      const credit = previous.credit(state);
      if (credit !== undefined) credits.set(key, credit);
    }
    for (const state of states.values()) {
      next.set(state);
      next.setRotation(state);
    }
  }
  next.fit(states, warmUp !== false);
  if (credits.size > 0) next.restore(credits);
  return next;
}

function createDispatcher<E extends Endpoint>(
  previous: Dispatcher<E> | undefined,
  dispatch: CompletePolicy['dispatch'],
  random: (() => number) | undefined,
): Dispatcher<E> {
  if (dispatch !== 'static') return dispatch.createDispatcher(random, previous);
  return previous instanceof StaticDispatcher ? previous : new StaticDispatcher<E>(random);
}
