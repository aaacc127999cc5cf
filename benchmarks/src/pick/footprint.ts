import { createSmoothWeightedRoundRobin, type Scheduler } from '@wrr/core';
import { compileLoop } from '../compile-loop.ts';
import { cpuMs } from '../interleave.ts';
import { median } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { NaiveLoop } from './peers/naive-loop.ts';
import { endpointName } from './peers/peer.ts';
import { distinct, equal, tiers3, type WeightSet } from './weights.ts';

const PICKS = 1_000_000;

function build(
  keys: readonly string[],
  weights: readonly number[],
  random?: () => number,
): Scheduler<string> {
  const scheduler = createSmoothWeightedRoundRobin<string>(random ? { random } : {});
  for (const [i, key] of keys.entries()) scheduler.set(key, weights[i] ?? 1);
  scheduler.next(); // the first pick makes everything good
  return scheduler;
}

function collect(): void {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
}

/** Bytes that `make` leaves behind, on the heap and in array buffers. */
function retained(make: () => unknown): number {
  collect();
  const before = process.memoryUsage();
  const kept = make();
  collect();
  const after = process.memoryUsage();
  if (kept === undefined) throw new Error('nothing was made');
  return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
}

/** Bytes allocated by a million picks, warmed up. */
function allocated(scheduler: Scheduler<string>): number {
  const loop = compileLoop(scheduler, 's.next() !== undefined');
  loop(PICKS);
  collect();
  const before = process.memoryUsage().heapUsed;
  loop(PICKS);
  return Math.max(0, process.memoryUsage().heapUsed - before);
}

/** Memory a pick and an endpoint take, and the time to build a scheduler. */
export function footprint({ quick, progress }: Context): readonly Row[] {
  if (globalThis.gc === undefined) {
    progress('memory is not measured without --expose-gc');
    return [];
  }
  const rows: Row[] = [];
  const sets: readonly WeightSet[] = quick ? [tiers3] : [equal, tiers3, distinct];
  for (const set of sets) {
    for (const n of quick ? [1_000] : [10, 100, 1_000, 10_000]) {
      progress(`memory and building, ${set.name}, n = ${n}`);
      const weights = set.create(n);
      const keys = weights.map((_, i) => endpointName(i));
      const at = { n, weights: set.name };
      const rounds = quick ? 3 : 7;
      const repeat = (make: () => number) => median(Array.from({ length: rounds }, make));

      const perPick = repeat(() => allocated(build(keys, weights)) / PICKS);
      rows.push({
        suite: 'pick',
        case: `allocation of a pick, ${set.name}, n = ${n}`,
        unit: 'bytes/pick',
        ours: perPick,
        peers: {},
        ratio: {},
        rounds,
        at,
        goal: { text: '0 (below 0.1 over 10⁶ picks)', met: perPick < 0.1 },
      });

      const copies = Math.max(1, Math.ceil(20_000 / n));
      const many = (make: () => unknown) => () => Array.from({ length: copies }, make);
      const own = repeat(() => retained(many(() => build(keys, weights))) / n / copies);
      const naive = repeat(() => retained(many(() => new NaiveLoop(weights))) / n / copies);
      rows.push({
        suite: 'pick',
        case: `memory, ${set.name}, n = ${n}`,
        unit: 'bytes/endpoint',
        ours: own,
        peers: { 'naive loop (no index by key)': naive },
        ratio: { 'naive loop (no index by key)': naive / own },
        rounds,
        at,
        ...(n >= 100 && { goal: { text: 'at most 128', met: own <= 128 } }),
      });

      for (const [how, random] of [
        ['', undefined],
        [' at a random phase', Math.random],
      ] as const) {
        const ms = repeat(() => {
          const start = cpuMs();
          build(keys, weights, random);
          return cpuMs() - start;
        });
        rows.push({
          suite: 'pick',
          case: `building${how}, ${set.name}, n = ${n}`,
          unit: 'ms',
          ours: ms,
          peers: {},
          ratio: {},
          rounds,
          at,
          ...(n === 10_000 && { goal: { text: 'at most 10 ms', met: ms <= 10 } }),
        });
      }
    }
  }
  return rows;
}
