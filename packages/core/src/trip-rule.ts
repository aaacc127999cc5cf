/** The limits that open a circuit. `false` means that the rule is off. */
export interface TripLimits {
  readonly consecutiveFailures: number | false;
  readonly failureRate: number | false;
  readonly slowCallRate: number | false;
  readonly minimumCalls: number;
}

/** Which rule opened a circuit. */
export type TripReason = 'consecutive-failures' | 'failure-rate' | 'slow-call-rate';

/** What the rules look at. */
export interface TripCounts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/**
 * Says which rule, if any, a counted outcome breaks.
 *
 * Two rules, because each is blind where the other sees: failures in a row notice a dead endpoint
 * after five calls at any rate, and the rate over a window notices one that fails every other call.
 * A rate is only judged on an outcome of its own kind, so a quick success never opens a circuit, and
 * only from `minimumCalls` on. Reaching a limit breaks it (`>=`).
 */
export function brokenRule(
  limits: TripLimits,
  counts: TripCounts,
  failuresInARow: number,
  failed: boolean,
  slow: boolean,
): TripReason | undefined {
  const { consecutiveFailures, failureRate, slowCallRate, minimumCalls } = limits;
  if (failed && consecutiveFailures !== false && failuresInARow >= consecutiveFailures) {
    return 'consecutive-failures';
  }
  if (counts.calls < minimumCalls) return undefined;
  if (failed && failureRate !== false && counts.failures >= failureRate * counts.calls) {
    return 'failure-rate';
  }
  if (slow && slowCallRate !== false && counts.slow >= slowCallRate * counts.calls) {
    return 'slow-call-rate';
  }
  return undefined;
}
