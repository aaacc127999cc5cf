// biome-ignore-all lint/style/noNonNullAssertion: indices into columns are in bounds by construction, and `?? 0` costs 8 % of a pick
import type { Rotation } from './rotation.ts';
import { LIMITS, type RotationLimits } from './rotation-limits.ts';
import { RotationScheduler } from './rotation-scheduler.ts';
import type { Scheduler, SchedulerOptions } from './scheduler.ts';
import type { Slots } from './slots.ts';
import { WeightClasses } from './weight-classes.ts';

/**
 * Creates nginx's smooth weighted round robin (`ngx_http_upstream_get_peer`, Maxim Dounin, 2012).
 *
 * At every pick each key gains its weight as credit, the one with the most credit wins (of several,
 * the one added first), and the winner pays the total back. Weights 5, 1, 1, total 7:
 *
 * ```text
 * pick   credits after the gain    winner   credits after it paid
 *  1       5   1   1                 a        -2   1   1
 *  2       3   2   2                 a        -4   2   2
 *  3       1   3   3                 b         1  -4   3
 *  4       6  -3   4                 a        -1  -3   4
 *  5       4  -2   5                 c         4  -2  -2
 *  6       9  -1  -1                 a         2  -1  -1
 *  7       7   0   0                 a         0   0   0    and so on from the start: a a b a c a a
 * ```
 *
 * The sequence is always that one. What finds it depends on the set:
 *
 * - up to 8 endpoints: the loop itself, `PlainLoop` below;
 * - more: `weight-classes.ts`, where endpoints of equal weight form a queue and a pick looks only at
 *   the first of each: O(different weights);
 * - more than 16 different weights: `kinetic-tournament.ts` finds the best of those: O(log).
 *
 * Changes act from the next pick and keep credits: {@link Scheduler} says how,
 * `rotation-scheduler.ts` does it. A change costs O(log n) or, among thousands of endpoints of one
 * weight, a walk along their queue.
 *
 * @throws {TypeError} naming an option that is wrong.
 */
export function createSmoothWeightedRoundRobin<K>(options: SchedulerOptions = {}): Scheduler<K> {
  return createScheduler(options, LIMITS);
}

/** {@link createSmoothWeightedRoundRobin} with limits of one's own. For tests. */
export function createScheduler<K>(
  options: SchedulerOptions,
  limits: RotationLimits,
): Scheduler<K> {
  return new RotationScheduler<K>(options, limits, (slots, large) =>
    large ? new WeightClasses(slots, limits) : new PlainLoop(slots, limits.plainSize),
  );
}

/** The algorithm in its plain form: O(n) a pick. */
class PlainLoop implements Rotation {
  size = 0;
  totalWeight = 0;
  private readonly slots: Slots<unknown>;
  /** The endpoints in rotation, by rank, with their weights and credits beside them. */
  private readonly order: Int32Array;
  private readonly weights: Float64Array;
  private readonly credits: Float64Array;

  constructor(slots: Slots<unknown>, capacity: number) {
    this.slots = slots;
    this.order = new Int32Array(capacity);
    this.weights = new Float64Array(capacity);
    this.credits = new Float64Array(capacity);
  }

  pick(): number {
    const weight = this.weights;
    const credit = this.credits;
    let best = -1;
    let most = -Infinity;
    for (let i = 0; i < this.size; i++) {
      const gained = credit[i]! + weight[i]!;
      credit[i] = gained;
      if (gained > most) {
        most = gained;
        best = i;
      }
    }
    if (best < 0) return -1;
    credit[best] = most - this.totalWeight;
    return this.order[best]!;
  }

  members(): number[] {
    return [...this.order.subarray(0, this.size)];
  }

  add(slot: number): void {
    const { rank, weight, credit } = this.slots;
    let i = this.size;
    for (; i > 0 && rank[this.order[i - 1]!]! > rank[slot]!; i--) this.move(i - 1, i);
    this.order[i] = slot;
    this.weights[i] = weight[slot]!;
    this.credits[i] = credit[slot]!;
    this.size += 1;
    this.totalWeight += weight[slot]!;
  }

  remove(slot: number): void {
    let i = this.order.indexOf(slot);
    this.slots.credit[slot] = this.credits[i]!;
    this.size -= 1;
    this.totalWeight -= this.slots.weight[slot]!;
    for (; i < this.size; i++) this.move(i + 1, i);
  }

  credit(slot: number): number {
    return this.credits[this.order.indexOf(slot)]!;
  }

  recredit(change: (credit: number, slot: number) => number): void {
    for (let i = 0; i < this.size; i++) {
      this.credits[i] = change(this.credits[i]!, this.order[i]!);
    }
  }

  private move(from: number, to: number): void {
    this.order[to] = this.order[from]!;
    this.weights[to] = this.weights[from]!;
    this.credits[to] = this.credits[from]!;
  }
}
