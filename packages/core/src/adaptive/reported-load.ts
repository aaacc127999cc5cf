import type { LoadReport } from '../load-report.ts';

/** Reports of capacity move the average by this share of the difference. */
const GAIN = 0.2;
/** Below this utilization a rate says nothing about capacity. */
const LEAST_UTILIZATION = 0.05;
/** How long an estimate of capacity counts without another report (gRFC A58's expiration), in ms. */
const CAPACITY_LIFETIME_MS = 180_000;

/** What one endpoint's server has reported. What is not a sensible number is left out. */
export class ReportedLoad {
  /** Calls per second that the server could answer, by its own account; 0 before a report. */
  capacity = 0;
  #capacityAt = 0;
  #inFlight = 0;
  #inFlightAt = Number.NEGATIVE_INFINITY;
  /** Calls sent since the report of requests in flight. */
  #sent = 0;

  sent(): void {
    this.#sent++;
  }

  add(now: number, { inFlight, qps, utilization }: LoadReport): void {
    if (isNumber(inFlight) && inFlight >= 0) {
      this.#inFlight = inFlight;
      this.#inFlightAt = now;
      this.#sent = 0;
    }
    if (!isNumber(qps) || !isNumber(utilization)) return;
    if (!(qps > 0 && utilization > LEAST_UTILIZATION)) return;
    const capacity = qps / utilization;
    this.capacity += (this.capacity === 0 ? 1 : GAIN) * (capacity - this.capacity);
    this.#capacityAt = now;
  }

  /** Requests in flight as reported; `undefined` when that was too long ago. */
  inFlight(now: number, lifetimeMs: number): number | undefined {
    return now - this.#inFlightAt < lifetimeMs ? this.#inFlight : undefined;
  }

  /**
   * Requests in flight as they may be now: the report, fading towards `usual`, and what was sent
   * since. `own` is what is in flight from here: the least that it can be.
   */
  estimate(now: number, lifetimeMs: number, own: number, usual: number): number {
    const trust = Math.max(0, 1 - Math.max(0, now - this.#inFlightAt) / lifetimeMs);
    const reported = trust === 0 ? usual : usual + trust * (this.#inFlight - usual);
    return Math.max(own, reported) + Math.min(this.#sent, own);
  }

  /** Forgets a capacity that nobody has confirmed for minutes. */
  tick(now: number): void {
    if (now - this.#capacityAt > CAPACITY_LIFETIME_MS) this.capacity = 0;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
