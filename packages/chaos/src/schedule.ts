import { createRandom, type SeededRandom } from './random.ts';

/** What can go wrong. Each round of a schedule has every kind once. */
export const faultKinds = [
  'server-kill',
  'server-freeze',
  'server-cut',
  'server-refuse',
  'server-delay',
  'server-black-hole',
  'rolling-restart',
  'weights',
  'drain',
  'all-servers-down',
  'etcd-leader-kill',
  'etcd-quorum-loss',
  'etcd-compaction',
  'etcd-member-wipe',
  'client-freeze',
  'client-etcd-cut',
  'client-etcd-black-hole',
] as const;

/** Name of a fault. */
export type FaultKind = (typeof faultKinds)[number];

/** One fault with all that was drawn for it. */
export interface Fault {
  readonly kind: FaultKind;
  /** Servers (or, of `client-…`, clients) that it hits, by index. */
  readonly targets: readonly number[];
  /** How long it lasts. */
  readonly durationMs: number;
  /** Latency added, for `server-delay`. */
  readonly delayMs: number;
  /** The servers' new weights, for `weights`. */
  readonly weights: readonly number[];
}

/** A step of the run: faults that begin together, then peace; or a quiet stretch that is measured. */
export type Step =
  | { readonly kind: 'faults'; readonly faults: readonly Fault[]; readonly peaceMs: number }
  | { readonly kind: 'quiet'; readonly durationMs: number };

/** What happens, in order. */
export interface Schedule {
  readonly seed: number;
  readonly steps: readonly Step[];
}

/** `short` fits everything into three minutes; `long` gives faults time to do harm, and to meet. */
export type PaceName = 'short' | 'long';

/** What a schedule is drawn for. */
export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly servers: number;
  readonly clients: number;
  /** The kinds to draw from. Default: all. */
  readonly kinds?: readonly FaultKind[];
  /** Default: `long` from ten minutes on. */
  readonly pace?: PaceName;
}

/** How long things take at the least and at the most, by the length of the run. */
interface Pace {
  readonly fault: readonly [number, number];
  readonly peace: readonly [number, number];
  readonly quietMs: number;
  /** Share of steps in which two faults meet. */
  readonly pairs: number;
}

const SHORT: Pace = { fault: [2_000, 4_000], peace: [2_000, 3_000], quietMs: 12_000, pairs: 0 };
const LONG: Pace = { fault: [2_000, 12_000], peace: [2_000, 8_000], quietMs: 60_000, pairs: 0.3 };
const PACES: Readonly<Record<PaceName, Pace>> = { short: SHORT, long: LONG };
/** What a rolling restart and the etcd faults take on top of what was drawn. */
const OVERHEAD_MS = 2_500;

/**
 * Draws a schedule: the same for the same options. Every kind occurs at least once; runs of ten minutes
 * and more have longer faults, faults in pairs, and whole quiet minutes.
 */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { seed, minutes, kinds = faultKinds } = options;
  const random = createRandom(seed);
  const pace = PACES[options.pace ?? (minutes >= 10 ? 'long' : 'short')];
  const steps: Step[] = [{ kind: 'quiet', durationMs: pace.quietMs }];
  let spentMs = 2 * pace.quietMs;
  let sinceQuietMs = 0;
  for (let round = 0; round === 0 || spentMs < minutes * 60_000; round++) {
    for (const kind of random.sample(kinds, kinds.length)) {
      if (round > 0 && spentMs >= minutes * 60_000) break;
      const faults = [draw(kind, random, pace, options)];
      if (random.next() < pace.pairs) faults.push(...companion(kind, random, pace, options));
      const peaceMs = random.between(...pace.peace);
      steps.push({ kind: 'faults', faults, peaceMs });
      const tookMs =
        Math.max(...faults.map(({ durationMs }) => durationMs)) + peaceMs + OVERHEAD_MS;
      spentMs += tookMs;
      sinceQuietMs += tookMs;
      if (sinceQuietMs < 6 * 60_000) continue;
      steps.push({ kind: 'quiet', durationMs: pace.quietMs });
      spentMs += pace.quietMs;
      sinceQuietMs = 0;
    }
  }
  steps.push({ kind: 'quiet', durationMs: pace.quietMs });
  return { seed, steps };
}

function draw(kind: FaultKind, random: SeededRandom, pace: Pace, options: ScheduleOptions): Fault {
  const all = Array.from({ length: options.servers }, (_, index) => index);
  const clients = Array.from({ length: options.clients }, (_, index) => index);
  // Half of the servers at most: the others are what calls must find.
  const some = random.sample(all, random.between(1, Math.floor(options.servers / 2)));
  const targets = kind.startsWith('client-')
    ? random.sample(clients, 1)
    : kind === 'all-servers-down' || kind === 'rolling-restart'
      ? all
      : kind === 'server-kill' || kind === 'server-refuse' || kind === 'server-cut'
        ? some
        : some.slice(0, 1);
  return {
    kind,
    targets,
    durationMs: random.between(...pace.fault),
    delayMs: random.between(50, 150),
    weights: all.map(() => random.between(1, 10)),
  };
}

/** Kinds that may meet: one hits a server, the other etcd or a client. */
const SERVER_KINDS: readonly FaultKind[] = ['server-kill', 'server-freeze', 'server-black-hole'];
const OTHER_KINDS: readonly FaultKind[] = ['etcd-leader-kill', 'etcd-quorum-loss', 'client-freeze'];

function companion(
  kind: FaultKind,
  random: SeededRandom,
  pace: Pace,
  options: ScheduleOptions,
): Fault[] {
  if (kind === 'all-servers-down' || kind === 'etcd-member-wipe') return [];
  const other = kind.startsWith('server-') ? OTHER_KINDS : SERVER_KINDS;
  // Not beside faults that restart or reweight servers themselves.
  if (!kind.startsWith('server-') && !kind.startsWith('etcd-') && !kind.startsWith('client-'))
    return [];
  const [drawn] = random.sample(other, 1);
  return drawn === undefined ? [] : [draw(drawn, random, pace, options)];
}
