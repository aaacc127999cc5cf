import { checkAmplification, checkCalls } from './check-calls.ts';
import { checkFootprints, checkShares } from './check-quiet.ts';
import { checkGhosts, checkViews } from './check-views.ts';
import type { Finding } from './finding.ts';
import type { Records } from './records.ts';

/** What came of judging a run. */
export interface Verdict {
  /** Broken promises, oldest first. */
  readonly broken: readonly Finding[];
  /** What looks like one, but happened while the machine had no time for a process: says nothing. */
  readonly disturbed: readonly Finding[];
}

/** After the machine stood still, its consequences last a while. */
const AFTER_STALL_MS = 2_500;

/** Judges a run. */
export function check(records: Records): Verdict {
  const found = [
    ...checkCalls(records),
    ...checkAmplification(records),
    ...checkViews(records),
    ...checkGhosts(records),
    ...checkShares(records),
    ...checkFootprints(records),
    ...records.crashes.map((text) => ({
      promise: 'no process ends by itself',
      at: records.endedAt,
      since: records.endedAt,
      text,
    })),
  ].sort((a, b) => a.at - b.at);
  const isDisturbed = ({ at, since }: Finding): boolean =>
    records.stalls.some(({ from, to }) => from <= at && since <= to + AFTER_STALL_MS);
  return {
    broken: found.filter((finding) => !isDisturbed(finding)),
    disturbed: found.filter(isDisturbed),
  };
}
