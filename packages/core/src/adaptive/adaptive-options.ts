import { checkNames, checkNumber, DURATION } from '../option-checks.ts';

/** Options of adaptive dispatch. The defaults are the values that the fleet simulation was run with. */
export interface AdaptiveDispatchOptions {
  /**
   * How far above the lowest load level an endpoint may be and still be eligible: in calls on an
   * endpoint of average weight, in (0, 1,000]. Default 0.5. Below 1, equal endpoints are eligible only
   * at the lowest number of calls. More lets exact shares win over short queues.
   */
  readonly slack?: number;
  /**
   * An endpoint loses weight, by the square of the ratio, when its latency is above so many times the
   * median of its set: in [1, 1,000], or `false` for never. Default 2. Choose more, or `false`, where
   * methods of very different length are called.
   */
  readonly latencyDeadBand?: number | false;
  /** Calls that one failure adds to an endpoint's load: in [1, 1,000]. Default 4. */
  readonly failurePenalty?: number;
  /** How long a failure's penalty takes to fade to nothing, in milliseconds, > 0. Default 2,000. */
  readonly failurePenaltyMs?: number;
  /** How long a report of requests in flight counts, fading, in milliseconds, > 0. Default 1,000. */
  readonly reportLifetimeMs?: number;
}

/** The options with their defaults. */
export type CompleteAdaptiveOptions = Required<AdaptiveDispatchOptions>;

const NAMES: readonly (keyof AdaptiveDispatchOptions)[] = [
  'slack',
  'latencyDeadBand',
  'failurePenalty',
  'failurePenaltyMs',
  'reportLifetimeMs',
];

/**
 * Checks the options and fills in their defaults.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function completeAdaptiveOptions(options: AdaptiveDispatchOptions): CompleteAdaptiveOptions {
  checkNames('adaptive dispatch', options, NAMES);
  const { slack = 0.5, latencyDeadBand = 2 } = options;
  const { failurePenalty = 4, failurePenaltyMs = 2_000, reportLifetimeMs = 1_000 } = options;
  checkNumber('slack', slack, { above: 0, max: 1_000 });
  if (latencyDeadBand !== false) {
    checkNumber('latencyDeadBand', latencyDeadBand, { min: 1, max: 1_000 });
  }
  checkNumber('failurePenalty', failurePenalty, { min: 1, max: 1_000 });
  checkNumber('failurePenaltyMs', failurePenaltyMs, DURATION);
  checkNumber('reportLifetimeMs', reportLifetimeMs, DURATION);
  return { slack, latencyDeadBand, failurePenalty, failurePenaltyMs, reportLifetimeMs };
}
