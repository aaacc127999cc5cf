import type { LoadReport } from './load-report.ts';
import { checkNames, checkNumber, DURATION, DURATION_OR_ZERO } from './option-checks.ts';

/** Options of {@link createReportedWeights}: the names and defaults of gRFC A58. */
export interface ReportedWeightsOptions {
  /** An endpoint's reports count only when they have come for this long, ≥ 0. Default 10,000. */
  readonly blackoutMs?: number;
  /** A weight without a new report is forgotten after this time, > 0. Default 180,000. */
  readonly expiryMs?: number;
  /** Weights change at most this often, > 0. Default 1,000. */
  readonly updateMs?: number;
  /** How much errors lower a weight: an error counts as so many times its share of the load, ≥ 0. Default 1. */
  readonly errorPenalty?: number;
}

/** Weights from what servers report of their load. See {@link createReportedWeights}. */
export interface ReportedWeights {
  /** Takes in a report. Without both `qps` and `utilization` above 0 it says nothing. */
  report(key: string, report: LoadReport, now: number): void;
  /** Forgets an endpoint: it has left, or its connection was lost. */
  forget(key: string): void;
  /** Whether weights may change now: then {@link factors} is worth asking. O(1). */
  isDue(now: number): boolean;
  /**
   * What to multiply the static weights of these endpoints by, in order: from 0.01 to 100, since
   * servers can say what they like. The mean of the reported ones is 1, which is also what an endpoint
   * without a valid report gets. `undefined` while fewer
   * than two endpoints have one: the static weights alone then decide. O(n).
   */
  factors(keys: readonly string[], now: number): readonly number[] | undefined;
}

interface Entry {
  weight: number;
  since: number;
  at: number;
}

const NAMES = ['blackoutMs', 'expiryMs', 'updateMs', 'errorPenalty'];

/**
 * Derives weights from reports of load by the formula of gRFC A58 (client-side weighted round robin):
 * `qps / (utilization + eps / qps × errorPenalty)`. A static weight stays the base: it is multiplied,
 * so that an operator can still drain an endpoint or prefer a zone.
 *
 * Pure: it reads no clock and has no timer.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function createReportedWeights(options: ReportedWeightsOptions = {}): ReportedWeights {
  checkNames('reported weights', options, NAMES);
  const { blackoutMs = 10_000, expiryMs = 180_000 } = options;
  const { updateMs = 1_000, errorPenalty = 1 } = options;
  checkNumber('blackoutMs', blackoutMs, DURATION_OR_ZERO);
  checkNumber('expiryMs', expiryMs, DURATION);
  checkNumber('updateMs', updateMs, DURATION);
  checkNumber('errorPenalty', errorPenalty, { min: 0, max: 1_000 });
  const entries = new Map<string, Entry>();
  let nextUpdateAt = Number.NEGATIVE_INFINITY;

  function weightOf(key: string, now: number): number | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (now - entry.at >= expiryMs) {
      entries.delete(key); // A58: what comes later goes through the blackout again
      return undefined;
    }
    return now - entry.since >= blackoutMs ? entry.weight : undefined;
  }

  return {
    report(key, { qps = 0, utilization = 0, eps = 0 }, now) {
      if (!(qps > 0 && utilization > 0)) return;
      const weight = qps / (utilization + (Math.max(0, eps) / qps) * errorPenalty);
      if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) return;
      const entry = entries.get(key);
      if (entry === undefined) entries.set(key, { weight, since: now, at: now });
      else {
        entry.weight = weight;
        entry.at = now;
      }
    },
    forget(key) {
      entries.delete(key);
    },
    isDue: (now) => now >= nextUpdateAt,
    factors(keys, now) {
      nextUpdateAt = now + updateMs;
      const weights = keys.map((key) => weightOf(key, now));
      const known = weights.filter((weight) => weight !== undefined);
      if (known.length < 2) return undefined;
      const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
      return weights.map((weight) => (weight === undefined ? 1 : clamp(weight / mean)));
    },
  };
}

function clamp(factor: number): number {
  return Math.min(100, Math.max(0.01, factor));
}
