import type { Condition } from './condition.ts';
import type {
  ClientKind,
  ClientReport,
  Footprint,
  SeenEndpoint,
  Shares,
  Stall,
} from './protocol.ts';
import type { Fault, Schedule } from './schedule.ts';

/** A fault as it happened. */
export interface FaultRecord {
  readonly fault: Fault;
  readonly from: number;
  /** When everything that it broke was mended. */
  readonly to: number;
}

/** Answers by server in a quiet stretch, of one client. */
export interface QuietRecord {
  readonly from: number;
  readonly to: number;
  readonly client: number;
  readonly shares: Shares;
  /** The weight of each server by name. */
  readonly weights: Readonly<Record<string, number>>;
}

/** A process's footprint at the end of a quiet stretch. */
export interface FootprintRecord {
  readonly at: number;
  readonly process: string;
  readonly footprint: Footprint;
}

/** What etcd held, asked directly; undefined when it could not say. */
export interface RegistryRecord {
  readonly at: number;
  readonly endpoints: ReadonlyMap<string, number> | undefined;
}

/** A view that a client had, and until when. */
export interface ViewRecord {
  readonly from: number;
  readonly endpoints: readonly SeenEndpoint[];
}

/** Everything about one client. */
export interface ClientRecords {
  readonly kind: ClientKind;
  readonly reports: ClientReport[];
  readonly views: ViewRecord[];
  /** Bad while it is frozen. */
  readonly running: Condition;
  /** Bad while its way to etcd is broken. */
  readonly path: Condition;
}

/** Everything about one server. */
export interface ServerRecords {
  readonly name: string;
  /** What it registers. */
  readonly address: string;
  /** Bad while it does not run, is frozen, or cannot be reached. */
  readonly reachable: Condition;
  /** Bad while its process does not run, or stands still. */
  readonly running: Condition;
}

/** All that a run has seen. What is judged is judged from here. */
export interface Records {
  readonly schedule: Schedule;
  readonly startedAt: number;
  endedAt: number;
  readonly ttlSeconds: number;
  readonly clients: readonly ClientRecords[];
  readonly servers: readonly ServerRecords[];
  /** Bad while etcd is being disturbed. */
  readonly etcd: Condition;
  readonly registry: RegistryRecord[];
  readonly faults: FaultRecord[];
  readonly quiet: QuietRecord[];
  /** Quiet stretches that were not quiet, and were repeated. */
  disturbances: number;
  readonly footprints: FootprintRecord[];
  readonly crashes: string[];
  /** When the machine had no time for one of the processes. */
  readonly stalls: Stall[];
  /** Calls that arrived at servers. */
  arrivals: number;
  /** The longest time that the process which runs all this stood still, in milliseconds. */
  maxLagMs: number;
}
