import type { FleetModel } from './model.ts';
import { BUCKET_MS, type FleetResult } from './tally.ts';

/** A reaction lasts so many buckets. */
const LASTING = 5;

/**
 * How long it took until the faulty server's share of the calls had fallen to half of what it was, and
 * stayed there for half a second, in milliseconds to the tenth of a second. The length of the fault
 * when that did not happen.
 */
export function reactionMs(
  { timeline }: FleetResult,
  fault: NonNullable<FleetModel['fault']>,
): number {
  const from = Math.floor(fault.at / BUCKET_MS);
  const until = Math.min(timeline.length, Math.floor(fault.until / BUCKET_MS));
  const before = share(timeline.slice(0, from), fault.server);
  const isLow = timeline.slice(from, until).map((bucket) => {
    return share([bucket], fault.server) <= before / 2;
  });
  const reacted = isLow.findIndex((_, i) => {
    const lasting = isLow.slice(i, i + LASTING);
    return lasting.length === LASTING && lasting.every(Boolean);
  });
  return reacted < 0 ? fault.until - fault.at : (reacted + 1) * BUCKET_MS;
}

function share(buckets: readonly Uint32Array[], server: number): number {
  let own = 0;
  let all = 0;
  for (const bucket of buckets) {
    own += bucket[server] ?? 0;
    for (const count of bucket) all += count;
  }
  return all === 0 ? 0 : own / all;
}
