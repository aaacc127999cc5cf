import type { CompletePolicy } from './balancer-options.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { PanicEvent } from './events.ts';

/**
 * Decides which endpoints their breakers may take out of rotation.
 *
 * Everything is counted from the set at each review, never kept beside it, so that joiners and
 * leavers cannot make the counts drift. The cap is checked after the hypothetical ejection: an
 * endpoint is ejected only if `minAvailable` of the set stay in. A single endpoint is never ejected
 * (unless `onAllOpen` is `fail-fast`).
 *
 * Over the cap, an endpoint whose breaker refuses calls is a suspect: it stays in rotation with a
 * hundredth of its weight. When its breaker asks for a probe it has its full weight, so that it
 * recovers as fast as one that was ejected. Where all in rotation refuse (and in panic), none is a
 * suspect: the shares are those of the weights.
 *
 * Envoy's outlier detection (`max_ejection_percent`) and panic threshold are the models; Envoy's
 * issue 27066 and gRFC A50 show the off-by-one that the check after the ejection avoids.
 */
export class Ejections<E extends Endpoint> {
  /** Endpoints whose breaker is not closed, in the order in which they opened. */
  readonly #troubled: EndpointState<E>[] = [];
  /** The next review that time alone makes necessary, in the clock's milliseconds. */
  nextReviewAt: number = Number.POSITIVE_INFINITY;
  panic = false;

  /** Notes that an endpoint's breaker has left `closed`. */
  add(state: EndpointState<E>): void {
    if (!this.#troubled.includes(state)) this.#troubled.push(state);
  }

  get any(): boolean {
    return this.#troubled.length > 0;
  }

  /**
   * Brings `ejected`, `suspect` and `inRotation` of every state up to date. O(n), and only called when a breaker,
   * the set or the availability has changed, or an open time has passed.
   *
   * @returns the panic event to tell, if panic began or ended.
   */
  review(
    now: number,
    states: ReadonlyMap<string, EndpointState<E>>,
    policy: CompletePolicy,
    onChange: (state: EndpointState<E>) => void,
  ): PanicEvent | undefined {
    let count = 0;
    for (const state of states.values()) if (state.counts) count++;
    const required = Math.ceil(count * policy.minAvailable);
    this.#eject(now, policy.onAllOpen === 'panic' ? count - required : count);

    let available = 0;
    let withheld = 0;
    let trusted = 0;
    for (const state of states.values()) {
      if (!state.counts || !state.available) continue;
      if (state.ejected) withheld++;
      else available++;
      if (!state.refuses) trusted++;
    }
    const panic = policy.onAllOpen === 'panic' && withheld > 0 && available < required;
    for (const state of states.values()) {
      const inRotation = state.available && (panic || !state.ejected);
      const suspect = state.refuses && inRotation && !panic && trusted > 0;
      if (inRotation === state.inRotation && suspect === state.suspect) continue;
      state.inRotation = inRotation;
      state.suspect = suspect;
      onChange(state);
    }
    if (panic === this.panic) return undefined;
    this.panic = panic;
    return { type: 'panic', active: panic, available, required };
  }

  /** Ejects at most `cap` endpoints: those that opened first, while their breakers refuse calls. */
  #eject(now: number, cap: number): void {
    this.nextReviewAt = Number.POSITIVE_INFINITY;
    let kept = 0;
    let rank = 0;
    for (const state of this.#troubled) {
      state.ejected = false;
      state.refuses = false;
      if (state.removed || !state.troubled) continue;
      this.#troubled[kept++] = state;
      if (!state.counts || state.breaker === undefined) continue;
      if (state.breaker.pickable(now)) {
        rank++;
        continue;
      }
      state.refuses = true;
      state.ejected = rank++ < cap;
      const at = now + state.breaker.retryAfterMs(now);
      if (at < this.nextReviewAt) this.nextReviewAt = at;
    }
    this.#troubled.length = kept;
  }
}
