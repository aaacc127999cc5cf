import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Endpoint } from './endpoint.ts';

/** An endpoint as people want to see it. */
export interface EndpointStatus {
  readonly key: string;
  /** The weight its source gave it. */
  readonly weight: number;
  /** The share of that weight that its warm-up leaves it, in (0, 1]: below 1 while it warms up. */
  readonly warmUpFactor: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Whether the adapter says that it can be reached. */
  readonly available: boolean;
  /** State of its circuit breaker; `off` when it has none. */
  readonly breaker: 'closed' | 'open' | 'half-open' | 'off';
  /** Whether it is out of rotation because of its breaker. */
  readonly ejected: boolean;
  /**
   * Whether its breaker refuses calls and only `minAvailable` keeps it in rotation, beside endpoints
   * whose breakers do not: it has a hundredth of its weight, so that few calls are lost to it.
   */
  readonly suspect: boolean;
  /** Attempts started and not ended. */
  readonly inFlight: number;
  /** Times it was picked, since it joined. */
  readonly picks: number;
  readonly successes: number;
  readonly failures: number;
  readonly ignored: number;
  /** What adaptive dispatch knows of it; absent with static dispatch. */
  readonly load?: EndpointLoad;
}

/** An endpoint in the eyes of adaptive dispatch. */
export interface EndpointLoad {
  /**
   * Calls on it for an endpoint of average weight and speed: what is in flight, picked, reported and
   * added for failures. The endpoints whose level is near the lowest are eligible.
   */
  readonly level: number;
  /** Calls that its failures of the last seconds add to its load; 0 when there were none. */
  readonly phantom: number;
  /** Average latency of its successes in milliseconds; 0 before the first. */
  readonly latencyMs: number;
  /** What its latency makes of its weight, in [1/32, 1]: below 1 when it is slower than the others. */
  readonly latencyMultiplier: number;
  /** What its reports make of its weight, in [1/16, 8]; 1 without reports. */
  readonly capacityMultiplier: number;
  /** Calls it is owed (positive) or has had in advance (negative), against the average; up to 16. */
  readonly credit: number;
}

/** What is left of the weight of a suspect. See {@link EndpointStatus.suspect}. */
const SUSPECT_SHARE = 0.01;

/** What the balancer knows of one endpoint. Lives from the update that brings it to the one that drops it. */
export class EndpointState<E extends Endpoint> {
  endpoint: E;
  breaker: CircuitBreaker | undefined;
  available: boolean;
  /** When it became unavailable, in the clock's milliseconds. */
  unavailableSince: number | undefined;
  ejected = false;
  /** Whether its breaker refused calls at the last review. */
  refuses = false;
  /** Whether it refuses calls, is in rotation all the same, and is not needed there. */
  suspect = false;
  /** Whether the scheduler may pick it: available, and not ejected unless in panic. */
  inRotation: boolean;
  /** Whether becoming available starts a warm-up: true for those that join a running set. */
  warmsUp: boolean;
  /** When its warm-up began; undefined while it has its full weight. */
  warmingSince: number | undefined;
  /** How far its warm-up has come, in milliseconds: never goes back, whatever the clock does. */
  warmedMs = 0;
  warmUpFactor = 1;
  removed = false;
  inFlight = 0;
  picks = 0;
  successes = 0;
  failures = 0;
  ignored = 0;
  /** Its place in the dispatcher's tables; -1 while it has none. */
  slot = -1;

  constructor(endpoint: E, available: boolean, warmsUp: boolean) {
    this.endpoint = endpoint;
    this.available = available;
    this.inRotation = available;
    this.warmsUp = warmsUp;
  }

  /** Whether it takes part at all: a drained endpoint does not. */
  get counts(): boolean {
    return this.endpoint.weight > 0;
  }

  /** What its weight is multiplied by, in (0, 1]. */
  get weightFactor(): number {
    return this.suspect ? this.warmUpFactor * SUSPECT_SHARE : this.warmUpFactor;
  }

  /** Whether its breaker is anything but closed. */
  get troubled(): boolean {
    return this.breaker !== undefined && this.breaker.state !== 'closed';
  }

  status(load?: EndpointLoad): EndpointStatus {
    const { endpoint, breaker, available, ejected, suspect, inFlight, warmUpFactor } = this;
    const { picks, successes, failures, ignored } = this;
    const { key, weight, metadata } = endpoint;
    return {
      key,
      weight,
      warmUpFactor,
      ...(metadata && { metadata }),
      available,
      breaker: breaker?.state ?? 'off',
      ejected,
      suspect,
      inFlight,
      picks,
      successes,
      failures,
      ignored,
      ...(load && { load }),
    };
  }
}
