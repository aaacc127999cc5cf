import { stalledSeconds } from './check.ts';
import { amplificationOf, type Excuse, excuseFor, worstAmplification } from './check-calls.ts';
import { byProcess, shareDeviation } from './check-quiet.ts';
import { viewDelays } from './check-views.ts';
import type { FaultRecord, Records } from './records.ts';
import type { FaultKind } from './schedule.ts';

/** What happened while faults of a kind lasted, and five seconds after, or until the next one began. */
export interface FaultFigures {
  readonly times: number;
  /** How long they lasted altogether. */
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  /** The slowest call, in milliseconds. */
  readonly worstMs: number;
}

/** The figures of a run. */
export interface Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  /** Failed calls by what the run did to make them impossible; `none` for broken promises. */
  readonly failedBecause: Readonly<Record<string, number>>;
  readonly amplification: number;
  readonly worstAmplification: number;
  /** Calls that arrived at servers, as those count them, per call. */
  readonly arrivals: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly faults: Readonly<Partial<Record<FaultKind, FaultFigures>>>;
  /** From a change in etcd to a client that could follow. */
  readonly seenAfterMs: { readonly count: number; readonly p50: number; readonly max: number };
  /** After a total outage, from the order to start the servers to the last failed call. */
  readonly recoveryMs: number;
  readonly quiet: {
    readonly stretches: number;
    /** How many had to be repeated because the machine was busy with other things. */
    readonly repeated: number;
    readonly p99Ms: number;
    readonly calls: number;
    /** In cycles of the sequence. */
    readonly worstDeviation: number;
    readonly unclean: number;
  };
  /** First and last, of each client. */
  readonly footprints: Readonly<
    Record<string, { readonly heapMb: readonly number[]; readonly handles: readonly number[] }>
  >;
  readonly maxLagMs: number;
  /** Seconds in which the machine had no time for one of the processes. */
  readonly stalledSeconds: number;
}

/** Sums a run up. */
export function figuresOf(records: Records): Figures {
  const reports = records.clients.flatMap((client) => client.reports);
  const calls = sum(reports.map(({ started }) => started));
  const latencies = reports.flatMap((report) => report.latencies).sort((a, b) => a - b);
  const delays = viewDelays(records);
  const because: Record<string, number> = {};
  for (const client of records.clients) {
    for (const call of client.reports.flatMap(({ failed }) => failed)) {
      const excuse: Excuse = excuseFor(records, client, call);
      because[excuse ?? 'none'] = (because[excuse ?? 'none'] ?? 0) + 1;
    }
  }
  return {
    seed: records.schedule.seed,
    seconds: Math.round((records.endedAt - records.startedAt) / 1_000),
    calls,
    failed: sum(reports.map(({ failed }) => failed.length)),
    failedBecause: because,
    amplification: amplificationOf(reports),
    worstAmplification: worstAmplification(records),
    arrivals: calls === 0 ? 0 : records.arrivals / calls,
    latencyMs: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      max: quantile(latencies, 1),
    },
    faults: faultFigures(records),
    seenAfterMs: { count: delays.length, p50: quantile(delays, 0.5), max: quantile(delays, 1) },
    recoveryMs: worstRecovery(records),
    quiet: {
      repeated: records.disturbances,
      p99Ms: quantile(quietLatencies(records), 0.99),
      stretches: records.quiet.length / Math.max(1, records.clients.length),
      calls: sum(records.quiet.flatMap(({ shares }) => Object.values(shares.byServer))),
      worstDeviation: Math.max(0, ...records.quiet.map(shareDeviation)),
      unclean: sum(records.quiet.map(({ shares }) => shares.unclean)),
    },
    footprints: Object.fromEntries(
      [...byProcess(records.footprints)]
        .filter(([process]) => process.startsWith('client'))
        .map(([process, samples]) => {
          const ends = [samples[0], samples.at(-1)].flatMap((each) => each ?? []);
          const heapMb = ends.map(({ footprint }) => Math.round(footprint.heapUsed / 1e5) / 10);
          return [process, { heapMb, handles: ends.map(({ footprint }) => footprint.handles) }];
        }),
    ),
    maxLagMs: Math.round(records.maxLagMs),
    stalledSeconds: stalledSeconds(records),
  };
}

function quietLatencies({ clients, quiet }: Records): number[] {
  return clients
    .flatMap(({ reports }) => reports)
    .filter((report) => quiet.some(({ from, to }) => report.from >= from && report.to <= to))
    .flatMap(({ latencies }) => latencies)
    .sort((a, b) => a - b);
}

/** The element at quantile `q` of a sorted list; 0 of an empty one. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

/** What follows a fault for so long is counted to it. */
const AFTERMATH_MS = 5_000;

/** From the order to start the servers to the last failed call, after all had been down; at worst. */
function worstRecovery(records: Records): number {
  const ends = records.clients.flatMap(({ reports }) =>
    reports.flatMap(({ failed }) => failed.map(({ endedAt }) => endedAt)),
  );
  const outages = records.faults.filter(({ fault }) => fault.kind === 'all-servers-down');
  const waits = outages.map(({ from, fault }, index) => {
    const back = from + fault.durationMs;
    const until = Math.min(back + 20_000, outages[index + 1]?.from ?? Number.POSITIVE_INFINITY);
    return Math.max(back, ...ends.filter((end) => end > back && end < until)) - back;
  });
  return Math.max(0, ...waits);
}

function faultFigures(records: Records): Figures['faults'] {
  const groups: Partial<Record<FaultKind, FaultRecord[]>> = {};
  for (const record of records.faults) {
    const { kind } = record.fault;
    groups[kind] = [...(groups[kind] ?? []), record];
  }
  const reports = records.clients.flatMap((client) => client.reports);
  const entries = Object.entries(groups).map(([kind, group]): [string, FaultFigures] => {
    const during = reports.filter((report) =>
      group.some(({ from, to }) => {
        const next = records.faults.find((other) => other.from > to)?.from ?? to + AFTERMATH_MS;
        return report.to > from && report.from < Math.min(next, to + AFTERMATH_MS);
      }),
    );
    return [
      kind,
      {
        times: group.length,
        seconds: Math.round(sum(group.map(({ from, to }) => to - from)) / 1_000),
        calls: sum(during.map(({ started }) => started)),
        failed: sum(during.map(({ failed }) => failed.length)),
        worstMs: Math.max(0, ...during.map(({ latencies }) => latencies.at(-1) ?? 0)),
      },
    ];
  });
  return Object.fromEntries(entries);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
