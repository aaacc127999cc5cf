import { FailoverDecision } from './failover-decision.ts';
import { completeFailoverOptions, type FailoverOptions } from './failover-options.ts';
import { checkNumber, checkObject } from './option-checks.ts';
import { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

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
  /** How many messages of a request stream are kept for another attempt: an integer from 0. */
  readonly replayMessages?: number | undefined;
}

/** The budgets of a failover. */
export interface RetryBudgets {
  readonly budget: RetryBudget | undefined;
  readonly unsentBudget: RetryBudget | undefined;
}

/**
 * Checks the rules of a failover and returns a function that makes the decisions for one call. For
 * adapters whose transport makes the attempts itself; others use `runWithFailover`.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function planFailover(rules: FailoverRules): () => FailoverDecision {
  const { unsentBudget, replayMessages = 0, ...others } = rules;
  checkNumber('replayMessages', replayMessages, { min: 0, integer: true });
  const complete = completeFailoverOptions({ ...others, clock: NO_CLOCK, sleep: noSleep });
  const options = { ...complete, unsentBudget };
  return () => new FailoverDecision(options);
}

/**
 * Makes the budgets that {@link planFailover} takes of what users say: options, `false` for no bound,
 * or a budget that was made elsewhere, which pays for everything, as whoever made it expects.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function retryBudgets(budget: RetryBudget | RetryBudgetOptions | false = {}): RetryBudgets {
  if (budget === false) return { budget: undefined, unsentBudget: undefined };
  checkObject('budget', budget);
  if ('withdraw' in budget) return { budget, unsentBudget: undefined };
  return { budget: createRetryBudget(budget), unsentBudget: createRetryBudget(budget) };
}

// Decisions are told the time and never wait.
const NO_CLOCK = { now: (): number => Number.NaN };
const noSleep = async (): Promise<void> => {};
