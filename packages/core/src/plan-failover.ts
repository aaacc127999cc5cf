import { FailoverDecision } from './failover-decision.ts';
import { completeFailoverOptions, type FailoverOptions } from './failover-options.ts';
import type { RetryBudget } from './retry-budget.ts';

/** The options of a failover that decide: whether, when and how often a call is sent again. */
export interface FailoverRules
  extends Pick<
    FailoverOptions,
    | 'retryable'
    | 'maxAttempts'
    | 'perAttemptTimeoutMs'
    | 'hedgingDelayMs'
    | 'budget'
    | 'backoff'
    | 'random'
    | 'pushback'
  > {
  /**
   * Pays for the attempts of calls that have reached no endpoint so far, and thereby cost no server
   * anything. Default: `budget` pays for them, too.
   */
  readonly unsentBudget?: RetryBudget | undefined;
}

/**
 * Checks the rules of a failover and returns a function that makes the decisions for one call. For
 * adapters whose transport makes the attempts itself; others use `runWithFailover`.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function planFailover(rules: FailoverRules): () => FailoverDecision {
  const { unsentBudget, ...others } = rules;
  const complete = completeFailoverOptions({ ...others, clock: NO_CLOCK, sleep: noSleep });
  const options = { ...complete, unsentBudget };
  return () => new FailoverDecision(options);
}

// Decisions are told the time and never wait.
const NO_CLOCK = { now: (): number => Number.NaN };
const noSleep = async (): Promise<void> => {};
