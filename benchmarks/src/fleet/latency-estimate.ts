/** Latencies that are remembered. */
const REMEMBERED = 64;
/** At least so many decide. */
const ENOUGH = 9;
/** Differences in requests in flight are told apart up to this one. */
const FARTHEST = 63;

// Scratch space of all servers.
const near = new Int32Array(FARTHEST + 1);
const chosen = new Float64Array(REMEMBERED);

/**
 * A server's estimate of its latency, as Prequal's servers make it: the median latency of recent
 * requests that found about as many in flight as there are now.
 */
export class LatencyEstimate {
  readonly #inFlight = new Int32Array(REMEMBERED);
  readonly #latencyMs = new Float64Array(REMEMBERED);
  #added = 0;

  add(inFlight: number, latencyMs: number): void {
    const place = this.#added++ % REMEMBERED;
    this.#inFlight[place] = inFlight;
    this.#latencyMs[place] = latencyMs;
  }

  /** 0 before the first sample. */
  at(inFlight: number): number {
    const size = Math.min(this.#added, REMEMBERED);
    near.fill(0);
    for (let i = 0; i < size; i++) {
      const distance = this.#distance(i, inFlight);
      near[distance] = (near[distance] ?? 0) + 1;
    }
    let limit = 0;
    let within = near[0] ?? 0;
    while (within < ENOUGH && limit < FARTHEST) within += near[++limit] ?? 0;
    let count = 0;
    for (let i = 0; i < size; i++) {
      if (this.#distance(i, inFlight) <= limit) chosen[count++] = this.#latencyMs[i] ?? 0;
    }
    return count === 0 ? 0 : (chosen.subarray(0, count).sort()[count >> 1] ?? 0);
  }

  #distance(i: number, inFlight: number): number {
    return Math.min(FARTHEST, Math.abs((this.#inFlight[i] ?? 0) - inFlight));
  }
}
