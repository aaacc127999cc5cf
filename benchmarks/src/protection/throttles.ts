import { type AdaptiveThrottlePreset, AEGIS_THROTTLE, createAdaptiveThrottle } from '@wrr/core';

/** A client-side throttle: asked before a call, told afterwards. */
export interface Throttle {
  admit(now: number): boolean;
  settle(now: number, ok: boolean): void;
}

/** Makes a throttle of a given source of randomness. */
export type CreateThrottle = (random: () => number) => Throttle;

/** Ours, with its own numbers or with others'. */
export function wrrThrottle(preset: AdaptiveThrottlePreset = {}): CreateThrottle {
  return (random) => {
    const throttle = createAdaptiveThrottle({ ...preset, random });
    return {
      admit: (now) => throttle.admit(now),
      settle: (now, ok) => throttle.settle(now, ok ? 'success' : 'failure'),
    };
  };
}

/** go-kratos/aegis in Kratos v2's interceptor, which marks what it rejects as failed. */
export const aegis: CreateThrottle = wrrThrottle(AEGIS_THROTTLE);

/** Kratos v3: the same rule with K = 2 and a minimum of 20. */
export const kratosV3: CreateThrottle = wrrThrottle({ ...AEGIS_THROTTLE, k: 2, minRequests: 20 });

/** The SRE book: two minutes, K = 2, no minimum. */
export const sreBook: CreateThrottle = wrrThrottle({
  ...AEGIS_THROTTLE,
  k: 2,
  minRequests: 0,
  windowMs: 120_000,
  buckets: 120,
});

interface Bucket {
  accepts: number;
  failures: number;
  total: number;
}

const BUCKETS = 40;
const BUCKET_MS = 250;

/**
 * go-zero's `googleBreaker`: ten seconds in 40 buckets, K falling from 1.5 to 1.1 with the failing
 * buckets, a call let through each second, and fewer rejections with every bucket that works.
 */
export const goZero: CreateThrottle = (random) => {
  const buckets = new Map<number, Bucket>();
  let lastPass: number | undefined;
  const bucketAt = (now: number): Bucket => {
    const slot = Math.floor(now / BUCKET_MS);
    let bucket = buckets.get(slot);
    if (bucket === undefined) {
      bucket = { accepts: 0, failures: 0, total: 0 };
      buckets.set(slot, bucket);
      for (const old of buckets.keys()) if (old <= slot - BUCKETS) buckets.delete(old);
    }
    return bucket;
  };
  return {
    admit(now) {
      const slot = Math.floor(now / BUCKET_MS);
      let accepts = 0;
      let total = 0;
      let working = 0;
      let failing = 0;
      for (const [at, bucket] of buckets) {
        if (at <= slot - BUCKETS) continue;
        accepts += bucket.accepts;
        total += bucket.total;
        if (bucket.failures > 0) working = 0;
        else if (bucket.accepts > 0) working++;
        if (bucket.accepts > 0) failing = 0;
        else if (bucket.failures > 0) failing++;
      }
      const k = Math.max(1.1, 1.5 - (0.4 * failing) / BUCKETS);
      let drop = (total - 5 - k * accepts) / (total + 1);
      if (drop <= 0) return true;
      drop *= (BUCKETS - working) / BUCKETS;
      const overdue = lastPass !== undefined && now - lastPass > 1_000;
      if (overdue || random() >= drop) {
        lastPass = now;
        return true;
      }
      bucketAt(now).total++;
      return false;
    },
    settle(now, ok) {
      const bucket = bucketAt(now);
      bucket.total++;
      if (ok) bucket.accepts++;
      else bucket.failures++;
    },
  };
};

/** No throttle at all. */
export const unthrottled: CreateThrottle = () => ({ admit: () => true, settle: () => {} });
