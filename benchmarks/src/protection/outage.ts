import { seededRandom } from '../statistics.ts';
import type { CreateThrottle } from './throttles.ts';

/** What a throttle did in an outage. */
export interface Outage {
  /** Calls per second that reached the dead backend, from 10 s into the outage on. */
  readonly passedPerSecond: number;
  /** Seconds after the backend's return from which on 99 % of the calls (over 10 s) are admitted. */
  readonly recoverySeconds: number;
}

const HEALTHY_MS = 150_000;
const OUTAGE_MS = 60_000;
const AFTER_MS = 150_000;

/**
 * Sends calls at random times (Poisson) to a backend that works for 150 s, fails every call for
 * 60 s, and works again. Answers are instant: what is seen is the throttle and nothing else.
 */
export function simulateOutage(
  create: CreateThrottle,
  ratePerSecond: number,
  seed: number,
): Outage {
  const random = seededRandom(seed);
  const throttle = create(seededRandom(seed + 1));
  const back = HEALTHY_MS + OUTAGE_MS;
  let passed = 0;
  /** Calls after the backend's return: when, and whether admitted. */
  const later: { readonly at: number; readonly admitted: boolean }[] = [];
  for (
    let now = 0;
    now < back + AFTER_MS;
    now += (-Math.log(1 - random()) * 1_000) / ratePerSecond
  ) {
    const down = now >= HEALTHY_MS && now < back;
    const admitted = throttle.admit(now);
    if (admitted) throttle.settle(now, !down);
    if (down && admitted && now >= HEALTHY_MS + 10_000) passed++;
    if (now >= back) later.push({ at: now - back, admitted });
  }
  return {
    passedPerSecond: (passed * 1_000) / (OUTAGE_MS - 10_000),
    recoverySeconds: recoveredAt(later) / 1_000,
  };
}

/** The first moment after which, for 10 s, at most 1 % of the calls are rejected. */
function recoveredAt(
  calls: readonly { readonly at: number; readonly admitted: boolean }[],
): number {
  let first = 0;
  let end = 0;
  let rejected = 0;
  for (let start = 0; start <= AFTER_MS - 10_000; start += 100) {
    for (; (calls[end]?.at ?? Infinity) < start + 10_000; end++)
      if (!calls[end]?.admitted) rejected++;
    for (; (calls[first]?.at ?? Infinity) < start; first++) if (!calls[first]?.admitted) rejected--;
    if (rejected <= 0.01 * (end - first)) return start;
  }
  return Number.POSITIVE_INFINITY;
}
