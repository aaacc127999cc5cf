/** Averages move by at least `1 − e^(−T / 1 s)` after a time T. */
const TIME_CONSTANT_MS = 1_000;
/** Samples of one tick that move the average half-way. */
const HALF_SAMPLES = 40;
/** The same of the quick average. */
const QUICK_HALF_SAMPLES = 6;
/** Fewer recent samples than this say nothing about the median, and fewer in all nothing at all. */
const ENOUGH = 10;

/**
 * Average latency of one endpoint's successes, in two speeds: one that is steady enough to compare
 * endpoints by, and a quick one for alarms. A sample costs two additions; the rest is done by ticks.
 */
export class LatencyMeter {
  /** Exponentially weighted, in milliseconds; 0 before the first sample. */
  average = 0;
  #quick = 0;
  #sum = 0;
  #count = 0;
  #seen = 0;
  #recent = 0;
  #updatedAt = 0;

  /** Adds a sample; what is no latency is left out. */
  add(latencyMs: number): void {
    if (!(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) return;
    this.#sum += latencyMs;
    this.#count++;
  }

  /** Whether there were enough samples to say something about this endpoint. */
  get isKnown(): boolean {
    return this.#seen >= ENOUGH;
  }

  /** Whether it has samples enough, recent enough, to take part in the median. */
  get isRepresentative(): boolean {
    return this.#recent >= ENOUGH;
  }

  /** The average; or the quick one, when that is above `alarm` and above the average. */
  withAlarm(alarm: number): number {
    return this.#quick > alarm ? Math.max(this.average, this.#quick) : this.average;
  }

  /** Takes the samples since the last tick into the average. `keep` is what recent ones still count. */
  tick(now: number, keep: number): void {
    const count = this.#count;
    this.#recent = this.#recent * keep + count;
    if (count === 0) return;
    const mean = this.#sum / count;
    const byTime = 1 - Math.exp(-Math.max(0, now - this.#updatedAt) / TIME_CONSTANT_MS);
    const gain = this.#seen === 0 ? 1 : Math.max(byTime, count / (count + HALF_SAMPLES));
    const quickGain = this.#seen === 0 ? 1 : Math.max(byTime, count / (count + QUICK_HALF_SAMPLES));
    this.average += gain * (mean - this.average);
    this.#quick += quickGain * (mean - this.#quick);
    this.#seen += count;
    this.#updatedAt = now;
    this.#sum = 0;
    this.#count = 0;
  }
}
