/** One call of a load: when it started, how long it took, what came of it. */
export interface LoadSample {
  /** Milliseconds since the load began. */
  readonly at: number;
  readonly latencyMs: number;
  /** The error it ended with, if it failed. */
  readonly error?: unknown;
}

/** What a load has seen so far. */
export interface LoadReport {
  readonly samples: readonly LoadSample[];
  readonly failed: readonly LoadSample[];
  /** Latency quantile, `q` in 0..1, of the calls that started from `from` until `to`. */
  quantile(q: number, from?: number, to?: number): number;
}

/** A load in progress. */
export interface Load {
  /** Milliseconds since it began. */
  now(): number;
  /** Calls finished so far. */
  readonly finished: number;
  /** Starts no more calls and resolves when all have ended. */
  stop(): Promise<LoadReport>;
}

/** Options of {@link startLoad}. */
export interface LoadOptions {
  /**
   * Calls in flight at most: those beyond are left out, so that a machine that cannot keep up does not
   * drown. Default: no limit.
   */
  readonly maxInFlight?: number;
}

/**
 * Makes `rate` calls per second, evenly spaced, without waiting for answers: as users do. If the
 * machine falls behind, the calls that are due start together.
 */
export function startLoad(
  rate: number,
  call: (index: number) => Promise<unknown>,
  { maxInFlight = Number.POSITIVE_INFINITY }: LoadOptions = {},
): Load {
  const began = performance.now();
  const samples: LoadSample[] = [];
  const open = new Set<Promise<void>>();
  let started = 0;
  const one = async (index: number): Promise<void> => {
    const start = performance.now();
    let failure: { error: unknown } | undefined;
    try {
      await call(index);
    } catch (error) {
      failure = { error };
    }
    samples.push({ at: start - began, latencyMs: performance.now() - start, ...failure });
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * rate);
    while (started < due) {
      if (open.size >= maxInFlight) {
        started++;
        continue;
      }
      const promise = one(started++).finally(() => open.delete(promise));
      open.add(promise);
    }
  }, 1);
  return {
    now: () => performance.now() - began,
    get finished() {
      return samples.length;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return {
        samples,
        failed: samples.filter(({ error }) => error !== undefined),
        quantile(q, from = 0, to = Number.POSITIVE_INFINITY) {
          const sorted = samples
            .filter(({ at }) => at >= from && at < to)
            .map(({ latencyMs }) => latencyMs)
            .toSorted((a, b) => a - b);
          return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
        },
      };
    },
  };
}
