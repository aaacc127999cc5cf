import type { LoadSample } from '@wrr/test-support';
import { mapValues } from '../interleave.ts';
import { linePlot } from '../plot.ts';
import { seriesOf } from '../series.ts';
import { median } from '../statistics.ts';
import type { Picture, Row } from '../suite.ts';

const BEFORE_MS = 1_000;
const BIN_MS = 100;

/** The calls of one round, and when in it a server was frozen. */
export interface Frozen {
  readonly frozenAt: number;
  readonly samples: readonly Pick<LoadSample, 'at' | 'latencyMs'>[];
}

/** The slowest call of every 100 ms, by when it began; of several rounds the median. */
export function timelineRows(
  rounds: Readonly<Record<string, readonly Frozen[]>>,
  { deadlineMs, watchedMs }: { readonly deadlineMs: number; readonly watchedMs: number },
): Row[] {
  const rows: Row[] = [];
  for (let from = -BEFORE_MS; from < watchedMs; from += BIN_MS) {
    const slow = mapValues(rounds, (all) => all.flatMap((one) => slowest(one, from)));
    // A moment in which a contender made no call (the machine stood still) has no figure of it.
    const made = Object.entries(slow).filter(([, values]) => values.length > 0);
    const { ours, ...peers } = mapValues(Object.fromEntries(made), median);
    if (ours === undefined) continue;
    const seconds = (from + BIN_MS / 2) / 1_000;
    rows.push({
      suite: 'rpc',
      case: `1 of 3 servers frozen: slowest call, at ${seconds} s`,
      unit: 'ms',
      ours,
      peers,
      ratio: {},
      rounds: rounds['ours']?.length ?? 0,
      at: { plot: 'timeline', seconds, deadlineMs },
    });
  }
  return rows;
}

/** None if no call began then. */
function slowest({ frozenAt, samples }: Frozen, from: number): readonly number[] {
  const start = frozenAt + from;
  const inBin = samples.filter(({ at }) => at >= start && at < start + BIN_MS);
  return inBin.length === 0 ? [] : [Math.max(...inBin.map(({ latencyMs }) => latencyMs))];
}

/** Draws how slow calls are around the moment at which a server freezes. */
export function drawFrozenServer(rows: readonly Row[]): readonly Picture[] {
  const chosen = rows.filter(({ at }) => at?.['plot'] === 'timeline');
  const [first] = chosen;
  if (first === undefined) return [];
  return [
    {
      title: 'One of three servers freezes',
      caption:
        'The slowest call of every 100 ms, by when it began; at 0 one server is stopped (SIGSTOP). ' +
        `500 calls a second, a deadline of ${first.at?.['deadlineMs']} ms for both. Ours has failover with 200 ms ` +
        `an attempt, the median of its rounds (${first.rounds}). ` +
        'grpc-js’s round_robin, one round: what it sends to the frozen server fails at the deadline.',
      svg: linePlot({
        x: { label: 'seconds' },
        y: { label: 'slowest call, ms', log: true },
        series: seriesOf(chosen, 'seconds', { onLog: true }),
        marks: [{ x: 0, label: 'frozen' }],
      }),
    },
  ];
}
