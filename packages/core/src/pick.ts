import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';

/** What to heed when an endpoint is picked. */
export interface PickOptions {
  /** Keys of the endpoints that this call has tried already. */
  readonly tried?: ReadonlySet<string>;
  /** What to do when all were tried: `stop` (default), or `repeat` as if none had been. */
  readonly whenAllTried?: 'stop' | 'repeat';
  /** When the call must have ended, in the clock's milliseconds: bounds a probe's lease. */
  readonly deadline?: number;
}

/** Why nothing was picked. */
export type NoPickReason =
  /** The set is empty, or all weights are 0. */
  | 'empty'
  /** No endpoint can be reached. */
  | 'unavailable'
  /** All that could be picked were tried by this call. */
  | 'all-tried'
  /** All breakers are open (`onAllOpen: 'fail-fast'`). */
  | 'all-open';

/** The result of a pick: an endpoint and the attempt to report on, or the reason why there is none. */
export type PickResult<E extends Endpoint> =
  | { readonly kind: 'picked'; readonly endpoint: E; readonly attempt: Attempt }
  | { readonly kind: 'none'; readonly reason: NoPickReason; readonly retryAfterMs: number };

/** Explains an empty pick. O(n), but only reached when nothing can be picked. */
export function explainNoPick<E extends Endpoint>(
  now: number,
  states: ReadonlyMap<string, EndpointState<E>>,
  tried: ReadonlySet<string> | undefined,
): PickResult<E> {
  let reason: NoPickReason = 'empty';
  let retryAfterMs = Number.POSITIVE_INFINITY;
  for (const state of states.values()) {
    if (!state.counts) continue;
    if (state.inRotation && tried?.has(state.endpoint.key)) {
      return { kind: 'none', reason: 'all-tried', retryAfterMs: 0 };
    }
    if (state.available && state.ejected) {
      reason = 'all-open';
      retryAfterMs = Math.min(retryAfterMs, state.breaker?.retryAfterMs(now) ?? 0);
    } else if (reason === 'empty') reason = 'unavailable';
  }
  return { kind: 'none', reason, retryAfterMs: reason === 'all-open' ? retryAfterMs : 0 };
}
