import type { Dispatch, Dispatcher } from '../dispatch.ts';
import type { Endpoint } from '../endpoint.ts';
import { AdaptiveDispatcher } from './adaptive-dispatcher.ts';
import { type AdaptiveDispatchOptions, completeAdaptiveOptions } from './adaptive-options.ts';

/**
 * Makes adaptive dispatch for a balancer: `createBalancer({ clock, random, dispatch: adaptiveDispatch() })`.
 *
 * Smooth weighted round robin among the endpoints whose load is lowest for their weight:
 *
 * 1. **Load level.** Calls in flight (and reported, and added for failures), divided by weight. Those
 *    within `slack` of the lowest are eligible.
 * 2. **Credit.** Every endpoint in rotation gains credit at every pick, eligible or not; of the
 *    eligible ones the one with the most credit is picked, and pays. What an endpoint missed while it
 *    was busy is so repaid: on a healthy set the shares are those of the weights.
 * 3. **Multipliers.** Ten times a second, within a pick, the weight of an endpoint that is slower than
 *    the others is lowered; reports of load also raise and lower it.
 *
 * While all are equally loaded, the sequence is exactly that of static dispatch. Give the balancer a
 * `random`: without it, clients of one set break ties alike, and herd.
 *
 * Experimental: tested against its laws and in simulated fleets (`bench fleet`), whose figures its
 * constants come from; they may change. A pick is O(log n) with few distinct weights, O(n) when all
 * differ. When to use it, and where it fails: docs/guides/dispatch.md.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function adaptiveDispatch(options: AdaptiveDispatchOptions = {}): Dispatch {
  const complete = completeAdaptiveOptions(options);
  return {
    mode: 'adaptive',
    createDispatcher<E extends Endpoint>(
      random: (() => number) | undefined,
      previous: Dispatcher<E> | undefined,
    ): Dispatcher<E> {
      if (!(previous instanceof AdaptiveDispatcher))
        return new AdaptiveDispatcher(random, complete);
      previous.configure(complete);
      return previous;
    },
  };
}
