import type { LoadReport } from './load-report.ts';
import type { Outcome } from './outcome.ts';

/** One attempt of one call at one endpoint. Settles exactly once. */
export interface Attempt {
  /** Says that the request is on its way. From now on it counts as in flight. */
  start(): void;
  /**
   * Says how it ended. Further calls change nothing. An attempt that never started says nothing
   * about its endpoint, whatever the outcome: its permit is returned without a verdict.
   */
  end(outcome: Outcome, details?: AttemptDetails): void;
}

/** What else is known when an attempt ends. */
export interface AttemptDetails {
  /** Time from the pick to the end in milliseconds. Saves a reading of the clock. */
  readonly latencyMs?: number;
  /**
   * Whether `latencyMs` says how fast the endpoint is. Default `true`; `false` for streams, which
   * last as long as they are needed.
   */
  readonly measuresLatency?: boolean;
  /** What the server said of its load. Heeded by adaptive dispatch, in successes only. */
  readonly report?: LoadReport;
}
