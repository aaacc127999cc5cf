import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { capacityMultiplier, latencyMultiplier } from './multiplier-rules.ts';
import { LowerMedian } from './numbers.ts';

/**
 * The quick average counts from so many dead bands on: what is that much slower is no noise, and in the
 * second that the steady one needs, callers would wait.
 */
const ALARM = 1.1;
/** What remains of the number of recent samples after 100 ms. */
const KEEP = 0.9;

/**
 * Keeps the multipliers of a set: what latencies and reports make of weights.
 *
 * Latencies are compared with the lower median of the endpoints that have enough recent samples: it
 * does not heed a slow minority. When more than half are slow, all count as healthy, and load levels
 * alone decide. Capacities are compared with the median of capacity by weight: weights in proportion
 * to capacities are left alone.
 */
export class Multipliers<E extends Endpoint> {
  readonly #median = new LowerMedian();
  #tickedAt = 0;

  /** Brings them up to date; calls `changed` for each that is another. O(n log n). */
  tick(
    now: number,
    slots: readonly AdaptiveSlot<E>[],
    deadBand: number | false,
    changed: (slot: AdaptiveSlot<E>) => void,
  ): void {
    const keep = KEEP ** (Math.max(0, now - this.#tickedAt) / 100);
    this.#tickedAt = now;
    for (const { latency } of slots) {
      latency.tick(now, keep);
      if (latency.isRepresentative) this.#median.add(latency.average);
    }
    const usualLatency = this.#median.take();
    for (const slot of slots) {
      const { reported, state } = slot;
      reported?.tick(now);
      if (reported !== undefined && reported.capacity > 0) {
        this.#median.add(reported.capacity / state.endpoint.weight);
      }
    }
    const usualCapacity = this.#median.take();
    for (const slot of slots) {
      const byLatency = latencyOf(slot, usualLatency, deadBand);
      const byCapacity = capacityOf(slot, usualCapacity);
      if (slot.latencyMultiplier === byLatency && slot.capacityMultiplier === byCapacity) continue;
      slot.latencyMultiplier = byLatency;
      slot.capacityMultiplier = byCapacity;
      changed(slot);
    }
  }
}

function latencyOf<E extends Endpoint>(
  { latency }: AdaptiveSlot<E>,
  median: number | undefined,
  deadBand: number | false,
): number {
  if (deadBand === false || median === undefined || !latency.isKnown) return 1;
  const latencyMs = latency.withAlarm(ALARM * deadBand * median);
  return latencyMultiplier(latencyMs, median, deadBand);
}

function capacityOf<E extends Endpoint>(
  { reported, state, capacityMultiplier: current }: AdaptiveSlot<E>,
  median: number | undefined,
): number {
  if (median === undefined || reported === undefined || reported.capacity === 0) return 1;
  return capacityMultiplier(reported.capacity / state.endpoint.weight / median, current);
}
