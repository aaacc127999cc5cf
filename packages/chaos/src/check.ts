import { checkAmplification, checkCalls } from './check-calls.ts';
import { checkFootprints, checkShares } from './check-quiet.ts';
import { checkGhosts, checkViews } from './check-views.ts';
import type { Finding } from './finding.ts';
import type { Records } from './records.ts';

/** Judges a run: every broken promise, oldest first. */
export function check(records: Records): Finding[] {
  return [
    ...checkCalls(records),
    ...checkAmplification(records),
    ...checkViews(records),
    ...checkGhosts(records),
    ...checkShares(records),
    ...checkFootprints(records),
    ...records.crashes.map((text) => ({
      promise: 'no process ends by itself',
      at: records.endedAt,
      text,
    })),
  ].sort((a, b) => a.at - b.at);
}
