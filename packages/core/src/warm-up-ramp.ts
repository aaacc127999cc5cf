import type { WarmUpOptions } from './balancer-options.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointState } from './endpoint-state.ts';
import { warmUpFactor } from './warm-up.ts';

/** Steps of a ramp: the weight changes at most this often. */
const STEPS = 64;

/**
 * Ramps the weights of endpoints that joined or recovered. Works by the picks' own clock readings,
 * without a timer, and only ever changes weights: credits belong to the scheduler.
 */
export class WarmUpRamp<E extends Endpoint> {
  readonly #warming = new Set<EndpointState<E>>();
  /** When the weights are due for their next step, in the clock's milliseconds. */
  nextStepAt: number = Number.POSITIVE_INFINITY;

  /** Begins a ramp, or begins it again. */
  start(state: EndpointState<E>, now: number): void {
    state.warmingSince = now;
    state.warmedMs = 0;
    this.#warming.add(state);
    this.nextStepAt = now;
  }

  /** Gives every endpoint its full weight again. */
  stop(onWeight: (state: EndpointState<E>) => void): void {
    for (const state of this.#warming) this.#end(state, onWeight);
    this.nextStepAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Moves all ramps to `now`. Skipped, at full weight, while every endpoint in rotation (but for
   * suspects) is warming up: among themselves the ramps would only distort the shares.
   */
  advance(
    now: number,
    states: ReadonlyMap<string, EndpointState<E>>,
    options: Required<WarmUpOptions>,
    onWeight: (state: EndpointState<E>) => void,
  ): void {
    for (const state of this.#warming) {
      state.warmedMs = Math.max(state.warmedMs, now - (state.warmingSince ?? now));
      if (state.warmedMs >= options.windowMs || state.removed) this.#end(state, onWeight);
    }
    const skip = this.#allWarming(states);
    for (const state of this.#warming) {
      const { minimum, windowMs } = options;
      const factor = skip ? 1 : warmUpFactor(state.warmedMs, windowMs, { minimum });
      setFactor(state, factor, onWeight);
    }
    this.nextStepAt =
      this.#warming.size === 0 ? Number.POSITIVE_INFINITY : now + options.windowMs / STEPS;
  }

  #allWarming(states: ReadonlyMap<string, EndpointState<E>>): boolean {
    for (const state of states.values()) {
      const isEligible = state.counts && state.inRotation && !state.suspect;
      if (isEligible && state.warmingSince === undefined) return false;
    }
    return true;
  }

  #end(state: EndpointState<E>, onWeight: (state: EndpointState<E>) => void): void {
    this.#warming.delete(state);
    state.warmingSince = undefined;
    setFactor(state, 1, onWeight);
  }
}

function setFactor<E extends Endpoint>(
  state: EndpointState<E>,
  factor: number,
  onWeight: (state: EndpointState<E>) => void,
): void {
  if (state.warmUpFactor === factor) return;
  state.warmUpFactor = factor;
  if (!state.removed) onWeight(state);
}
