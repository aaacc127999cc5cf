/**
 * The SRE breaker of go-kratos/aegis, written after its Go: ten buckets, summed at every question.
 * As a peer of ours, which keeps the sums.
 */
export class AegisThrottle {
  readonly #counts = new Float64Array(10);
  readonly #accepts = new Float64Array(10);
  readonly #random: () => number;
  #slot = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  admit(now: number): boolean {
    const age = Math.floor(now / 300) - this.#slot;
    let accepts = 0;
    let total = 0;
    for (let i = 0; i < 10 - age; i++) {
      const at = (this.#slot + age + 1 + i) % 10;
      total += this.#counts[at] ?? 0;
      accepts += this.#accepts[at] ?? 0;
    }
    const requests = accepts / 0.6;
    if (total < 100 || total < requests) return true;
    return this.#random() >= Math.max(0, (total - requests) / (total + 1));
  }

  settle(now: number, outcome: 'success' | 'failure'): void {
    const slot = Math.floor(now / 300);
    for (let at = Math.max(this.#slot + 1, slot - 9); at <= slot; at++) {
      this.#counts[at % 10] = 0;
      this.#accepts[at % 10] = 0;
    }
    this.#slot = slot;
    const at = slot % 10;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    if (outcome === 'success') this.#accepts[at] = (this.#accepts[at] ?? 0) + 1;
  }
}
