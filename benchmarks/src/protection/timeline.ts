import { mapValues } from '../interleave.ts';
import type { Row } from '../suite.ts';

/** A call of a simulation: when it was made, and what became of it. */
export interface TimedCall {
  readonly at: number;
  readonly ok: boolean;
  readonly attempts: number;
}

/** What became of the calls of one second. */
export interface Moment {
  /** The middle of that second, in seconds since the trouble began. */
  readonly seconds: number;
  /** Failed calls in percent. */
  readonly errors: number;
  /** Attempts per call. */
  readonly load: number;
}

/**
 * The calls from 5 s before the trouble until 15 s after it, second by second, by when they were made.
 * Seconds without a call are left out.
 */
export function timeline(
  calls: readonly TimedCall[],
  began: number,
  troubleMs: number,
): readonly Moment[] {
  const moments: Moment[] = [];
  for (let second = -5; second < troubleMs / 1_000 + 15; second++) {
    const start = began + second * 1_000;
    const some = calls.filter(({ at }) => at >= start && at < start + 1_000);
    if (some.length === 0) continue;
    moments.push({
      seconds: second + 0.5,
      errors: (100 * some.filter(({ ok }) => !ok).length) / some.length,
      load: some.reduce((sum, { attempts }) => sum + attempts, 0) / some.length,
    });
  }
  return moments;
}

const FIGURES = [
  ['errors', 'failed calls', '%'],
  ['load', 'attempts per call', 'attempts'],
] as const;

/** Makes rows of the timelines of several stacks in the same trouble, with the same calls. */
export function timelineRows(
  scenario: string,
  { rate, troubleMs }: { readonly rate: number; readonly troubleMs: number },
  timelines: Readonly<Record<string, readonly Moment[]>>,
): readonly Row[] {
  const { ours: own = [], ...others } = timelines;
  return FIGURES.flatMap(([figure, words, unit]) =>
    own.map((moment, i) => ({
      suite: 'protection',
      case: `${scenario} at ${rate} calls/s, at ${moment.seconds} s: ${words}`,
      unit,
      ours: moment[figure],
      // The same seed makes the same calls: every stack has the same moments.
      peers: mapValues(others, (all) => all[i]?.[figure] ?? Number.NaN),
      ratio: {},
      rounds: 1,
      at: {
        plot: 'timeline',
        scenario,
        figure,
        seconds: moment.seconds,
        rate,
        troubleSeconds: troubleMs / 1_000,
      },
    })),
  );
}
