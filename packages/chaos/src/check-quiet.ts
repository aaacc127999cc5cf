import type { Finding } from './finding.ts';
import type { FootprintRecord, QuietRecord, Records } from './records.ts';

/** What a process may have grown from the first quiet stretch to the last. */
export const MAX_HEAP_GROWTH: number = 8 * 2 ** 20;
export const MAX_HANDLE_GROWTH = 8;

/** Largest distance of a server's answers from its share, in answers it gets in one cycle. */
export function shareDeviation({ shares, weights }: QuietRecord): number {
  const total = Object.values(shares.byServer).reduce((sum, count) => sum + count, 0);
  const totalWeight = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const deviations = Object.entries(weights).map(([name, weight]) => {
    const wanted = (total * weight) / totalWeight;
    const distance = Math.abs((shares.byServer[name] ?? 0) - wanted);
    // An attempt more or less, of a call that needed a second one, moves the sequence by one.
    return Math.max(0, distance - shares.unclean) / Math.max(2, weight);
  });
  return Math.max(0, ...deviations);
}

/** In quiet stretches, shares match weights within one cycle. */
export function checkShares(records: Records): Finding[] {
  return records.quiet
    .filter((quiet) => shareDeviation(quiet) > 1)
    .map(({ from, to, client, shares, weights }) => ({
      promise: 'shares match weights within one cycle',
      at: to,
      since: from,
      text: `${records.clients[client]?.kind}: ${JSON.stringify(shares)} for weights ${JSON.stringify(weights)}`,
    }));
}

/** Memory and handles of the clients stay flat. */
export function checkFootprints(records: Records): Finding[] {
  return [...byProcess(records.footprints)].flatMap(([process, samples]): Finding[] => {
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || !process.startsWith('client')) return [];
    const heap = last.footprint.heapUsed - first.footprint.heapUsed;
    const handles = last.footprint.handles - first.footprint.handles;
    const promise = 'memory and handles stay flat';
    const { at } = last;
    return [
      ...(heap > MAX_HEAP_GROWTH
        ? [{ promise, at, since: at, text: `${process}: heap grew by ${heap} B` }]
        : []),
      ...(handles > MAX_HANDLE_GROWTH
        ? [{ promise, at, since: at, text: `${process}: ${handles} more handles` }]
        : []),
    ];
  });
}

/** Groups footprints by process, in order. */
export function byProcess(
  footprints: readonly FootprintRecord[],
): ReadonlyMap<string, readonly FootprintRecord[]> {
  const groups = new Map<string, FootprintRecord[]>();
  for (const record of footprints) {
    const group = groups.get(record.process) ?? [];
    group.push(record);
    groups.set(record.process, group);
  }
  return groups;
}
