import { checkAmplification, checkCalls } from './check-calls.ts';
import { checkFootprints, checkShares } from './check-quiet.ts';
import { checkGhosts, checkViews } from './check-views.ts';
import type { Finding } from './finding.ts';
import type { Records } from './records.ts';

/** What came of judging a run. */
export interface Verdict {
  /** `none` when the machine stood still too often for either. */
  readonly kind: 'kept' | 'broken' | 'none';
  /** Broken promises, oldest first. */
  readonly broken: readonly Finding[];
  /** What looks like one, but happened while the machine had no time for a process: says nothing. */
  readonly disturbed: readonly Finding[];
}

/** With standstills in more than this share of the seconds, what was kept or broken says little. */
const BUSY = 0.25;
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
  const broken = found.filter((finding) => !isDisturbed(finding));
  const seconds = (records.endedAt - records.startedAt) / 1_000;
  const busy = stalledSeconds(records) > seconds * BUSY;
  const kind = busy ? 'none' : broken.length > 0 ? 'broken' : 'kept';
  return { kind, broken, disturbed: found.filter(isDisturbed) };
}

/** Number of different seconds that a standstill touches. */
export function stalledSeconds({ stalls }: Pick<Records, 'stalls'>): number {
  const seconds = new Set<number>();
  for (const { from, to } of stalls) {
    for (let at = Math.floor(from / 1_000); at <= to / 1_000; at++) seconds.add(at);
  }
  return seconds.size;
}
