import type { Verdict } from './check.ts';
import type { Figures } from './figures.ts';

/** Writes what came of a run, for a terminal. */
export function textReport(figures: Figures, verdict: Verdict, start: number): string {
  const { calls, failed, failedBecause, latencyMs, seenAfterMs, quiet } = figures;
  const reasons = Object.entries(failedBecause).map(([reason, count]) => `${count} ${reason}`);
  const lines = [
    `seed ${figures.seed}, ${figures.seconds} s, ${calls} calls, ${failed} failed${
      reasons.length > 0 ? ` (while: ${reasons.join(', ')})` : ''
    }`,
    `attempts per call: ${figures.amplification.toFixed(3)}, worst ten seconds ${figures.worstAmplification.toFixed(3)}; arrived at servers: ${figures.arrivals.toFixed(3)} per call`,
    `latency: p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, worst ${latencyMs.max} ms; in quiet stretches p99 ${quiet.p99Ms} ms`,
    `after a total outage, last failed call ${figures.recoveryMs} ms after the order to start the servers`,
    `changes in etcd seen by clients: ${seenAfterMs.count}, after p50 ${seenAfterMs.p50} ms, worst ${seenAfterMs.max} ms`,
    `quiet stretches: ${quiet.stretches} (${quiet.repeated} repeated), ${quiet.calls} calls, worst distance from the weights ${quiet.worstDeviation.toFixed(2)} cycles, ${quiet.unclean} calls with a second attempt`,
    ...Object.entries(figures.footprints).map(
      ([process, { heapMb, handles }]) =>
        `${process}: heap ${heapMb.join(' → ')} MB, handles ${handles.join(' → ')}`,
    ),
    `the machine had no time for one of the processes in ${figures.stalledSeconds} of the seconds (longest wait of the one that runs all this: ${figures.maxLagMs} ms)`,
    '',
    'fault                    times  seconds   calls  failed  worst ms',
    ...Object.entries(figures.faults).map(([kind, each]) =>
      [
        kind.padEnd(24),
        String(each.times).padStart(6),
        String(each.seconds).padStart(9),
        String(each.calls).padStart(8),
        String(each.failed).padStart(8),
        String(each.worstMs).padStart(10),
      ].join(''),
    ),
    '',
    ...wordsFor(verdict, start),
  ];
  return lines.join('\n');
}

const SHOWN = 40;

function wordsFor({ kind, broken, disturbed }: Verdict, start: number): string[] {
  const lines = broken.slice(0, SHOWN).map(({ at, promise, text }) => {
    return `  ${((at - start) / 1_000).toFixed(1)} s  ${promise}: ${text}`;
  });
  return [
    ...(kind === 'none' ? ['NO VERDICT: the machine was too busy with other things'] : []),
    ...(kind === 'kept' ? ['all promises kept'] : []),
    ...(broken.length === 0 ? [] : [`${broken.length} times a promise was broken:`, ...lines]),
    ...(disturbed.length === 0
      ? []
      : [`not counted, because the machine stood still meanwhile: ${disturbed.length}`]),
  ];
}
