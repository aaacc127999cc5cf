import type { Endpoint } from '../endpoint.ts';
import type { LoadReport } from '../load-report.ts';
import type { CompleteAdaptiveOptions } from './adaptive-options.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { ReportedLoad } from './reported-load.ts';

/** Levels that change with time alone are brought up to date this often. */
const AGE_MS = 5;
/** What is left of the slack with reports, whose levels are no whole calls: nothing has to be rounded. */
const REPORTED_SLACK = 0.2;

/**
 * Works out load levels: an endpoint's calls, in calls on an endpoint of average capacity.
 *
 * Without reports, its calls are those of this client; with them, the server's requests in flight as
 * they may be now. Phantom load counts in calls of this endpoint or of an average one, whichever is
 * more, so that a failure weighs on small endpoints and on large ones.
 */
export class LoadLevels<E extends Endpoint> {
  options: CompleteAdaptiveOptions;
  /** When levels that change with time are due; infinite while there are none. */
  dueAt: number = Number.POSITIVE_INFINITY;
  /** Whether a report of requests in flight may be fresh. */
  #hasReports = false;
  /** Requests in flight per unit of capacity, averaged over the fresh reports; `undefined` without any. */
  #usual: number | undefined;

  constructor(options: CompleteAdaptiveOptions) {
    this.options = options;
  }

  /** How far above the lowest a level may be, in calls. */
  get slack(): number {
    const { slack } = this.options;
    return this.#usual === undefined ? slack : slack * REPORTED_SLACK;
  }

  level(slot: AdaptiveSlot<E>, now: number): number {
    const { calls, perCall } = slot;
    const load = this.#usual === undefined ? calls : this.#reportedLoad(slot, now, this.#usual);
    return load * perCall + this.phantom(slot, now) * Math.max(perCall, 1);
  }

  phantom(slot: AdaptiveSlot<E>, now: number): number {
    return slot.phantom.at(now, this.options.failurePenaltyMs);
  }

  /** Brings the level of one slot up to date. */
  refresh(slot: AdaptiveSlot<E>, now: number): void {
    if (this.#usual === undefined && slot.phantom.isNone) {
      slot.level = slot.calls * slot.perCall;
      slot.ages = false;
      return;
    }
    slot.level = this.level(slot, now);
    slot.ages = this.#usual !== undefined || this.phantom(slot, now) > 0;
    if (slot.ages && this.dueAt === Number.POSITIVE_INFINITY) this.dueAt = now + AGE_MS;
  }

  failed(slot: AdaptiveSlot<E>, now: number): void {
    const { failurePenalty, failurePenaltyMs } = this.options;
    slot.phantom.add(now, failurePenaltyMs, failurePenalty);
  }

  reported(slot: AdaptiveSlot<E>, now: number, report: LoadReport): void {
    slot.reported ??= new ReportedLoad();
    slot.reported.add(now, report);
    this.#hasReports = true;
    if (this.dueAt === Number.POSITIVE_INFINITY) this.dueAt = now + AGE_MS;
  }

  /**
   * Brings the levels of `slots` that change with time up to date, or all of them. Each is then
   * `moved`. O(n).
   */
  age(
    now: number,
    slots: readonly AdaptiveSlot<E>[],
    all: boolean,
    moved: (slot: AdaptiveSlot<E>) => void,
  ): void {
    const before = this.#usual;
    this.#usual = this.#hasReports ? this.#averageReport(now, slots) : undefined;
    this.#hasReports = this.#usual !== undefined;
    this.dueAt = Number.POSITIVE_INFINITY;
    const every = all || before !== undefined || this.#hasReports;
    for (const slot of slots) {
      if (!every && !slot.ages) continue;
      this.refresh(slot, now);
      moved(slot);
    }
  }

  #reportedLoad(slot: AdaptiveSlot<E>, now: number, usual: number): number {
    const { calls, reported } = slot;
    const expected = usual * slot.capacity;
    if (reported === undefined) return Math.max(calls, expected) + calls;
    return reported.estimate(now, this.options.reportLifetimeMs, calls, expected);
  }

  #averageReport(now: number, slots: readonly AdaptiveSlot<E>[]): number | undefined {
    let sum = 0;
    let count = 0;
    for (const { reported, capacity } of slots) {
      const inFlight = reported?.inFlight(now, this.options.reportLifetimeMs);
      if (inFlight === undefined) continue;
      sum += inFlight / capacity;
      count++;
    }
    return count === 0 ? undefined : sum / count;
  }
}
