/** Returns `value` within [low, high]. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Steps of a multiplier from 1 to 32: each is 5.6 % from the next. */
const STEPS = 64 / Math.log(32);

/**
 * Rounds a positive multiplier to a geometric step: few different values make few weight classes, and
 * noise below half a step changes nothing. 1 is a step.
 */
export function quantize(multiplier: number): number {
  return Math.exp(Math.round(Math.log(multiplier) * STEPS) / STEPS);
}

/** Lower medians, in memory that is used again and again. */
export class LowerMedian {
  #values = new Float64Array(16);
  #size = 0;

  add(value: number): void {
    if (this.#size === this.#values.length) {
      const grown = new Float64Array(this.#size * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#size++] = value;
  }

  /** The lower median of what was added since the last one was taken; `undefined` without any. */
  take(): number | undefined {
    const size = this.#size;
    this.#size = 0;
    return size === 0 ? undefined : this.#values.subarray(0, size).sort()[(size - 1) >> 1];
  }
}
