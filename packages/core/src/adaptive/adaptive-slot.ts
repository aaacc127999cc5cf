import type { Endpoint } from '../endpoint.ts';
import type { EndpointState } from '../endpoint-state.ts';
import { LatencyMeter } from './latency-meter.ts';
import { PhantomLoad } from './phantom-load.ts';
import type { ReportedLoad } from './reported-load.ts';
import type { SlotClass } from './slot-class.ts';

/** What adaptive dispatch knows of one endpoint. */
export class AdaptiveSlot<E extends Endpoint> {
  readonly state: EndpointState<E>;
  /** Ties go to the lowest: random, so that clients do not break them alike. */
  readonly rank: number;
  /** In rotation, with a weight above 0. */
  isActive = false;

  // Credit: `base + gain × picks` while active, `base` otherwise (credit-lines.ts).
  base = 0;
  gain = 0;
  /** Waits to draw its starting credit. */
  joins = true;
  /** Has come back, and its credit has yet to be clamped. */
  returned = false;

  // Load (load-levels.ts).
  /** Picked in this epoch or the one before, and not started yet (pending-picks.ts). */
  pickedNow = 0;
  pickedBefore = 0;
  level = 0;
  /** Level of one call: the average weight divided by this one's capacity. */
  perCall = 1;
  /** Whether its level changes with time alone. */
  ages = false;
  readonly phantom: PhantomLoad = new PhantomLoad();
  reported: ReportedLoad | undefined;

  // Place in the election (election.ts, class-election.ts).
  /** Kept out of one pick, because its call has tried it. */
  isHeld = false;
  loadClass: SlotClass<AdaptiveSlot<E>> | undefined;
  /** Number of calls of the queue that it is in; -1 in none. */
  queued = -1;
  /** Index in the list or queue that it is in. */
  place = -1;

  // Multipliers of the weight (multipliers.ts).
  readonly latency: LatencyMeter = new LatencyMeter();
  latencyMultiplier = 1;
  capacityMultiplier = 1;

  constructor(state: EndpointState<E>, rank: number) {
    this.state = state;
    this.rank = rank;
  }

  /** What its weight is multiplied by. */
  get multiplier(): number {
    return this.latencyMultiplier * this.capacityMultiplier * this.state.weightFactor;
  }

  /** What it can take, in units of weight. */
  get capacity(): number {
    return this.state.endpoint.weight * this.multiplier;
  }

  /** Calls on it that this client knows of: in flight, or picked and about to be. */
  get calls(): number {
    return this.state.inFlight + this.pickedNow + this.pickedBefore;
  }
}
