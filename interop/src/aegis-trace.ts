import { type AdaptiveThrottle, AEGIS_THROTTLE, createAdaptiveThrottle } from '@wrr/core';

/** The trace's unit of time: an eighth of a millisecond, exact in Go's and in JavaScript's clocks. */
const TICKS_PER_MS = 8;
const BUCKET_TICKS = 300 * TICKS_PER_MS;

/** Asks to pass, or ends. Calls that were refused have no end: players skip it. */
export type TraceEvent = readonly [tick: number, call: number, kind: 0 | 1 | 2];

/** What happens to a client, in order: see `interop/aegis/replay_test.go`, which plays the same. */
export interface Trace {
  /** Random numbers in the order in which decisions use them: integers below 2^53. */
  readonly draws: readonly number[];
  /** kind 0: the call asks to pass; 1: it succeeded; 2: it failed. */
  readonly events: readonly TraceEvent[];
}

/** What a breaker made of a trace. */
export interface Decisions {
  /** One character a question: `1` passed, `0` refused. */
  readonly decisions: string;
  /** How many random numbers were used. */
  readonly drawn: number;
}

/** A stretch of time with a load and a state of the backend. */
interface Phase {
  readonly seconds: number;
  readonly rate: number;
  /** Share of calls that succeed, 0..1. */
  readonly success: number;
  readonly latencyMs: number;
}

/**
 * Health, slow decay around the point of collapse (1/K = 0.6), outages, recovery, silence longer than
 * the window, bursts: the situations in which the window's edges and the formula's corners show.
 */
const phases: readonly Phase[] = [
  { seconds: 8, rate: 400, success: 1, latencyMs: 5 },
  { seconds: 10, rate: 400, success: 0.62, latencyMs: 5 },
  { seconds: 10, rate: 400, success: 0.58, latencyMs: 20 },
  { seconds: 12, rate: 1_000, success: 0, latencyMs: 1 },
  { seconds: 30, rate: 1_000, success: 1, latencyMs: 5 },
  { seconds: 5, rate: 20, success: 0.3, latencyMs: 50 },
  { seconds: 11, rate: 0, success: 1, latencyMs: 1 },
  { seconds: 10, rate: 34, success: 0.5, latencyMs: 200 },
  { seconds: 4, rate: 5_000, success: 0.4, latencyMs: 40 },
  { seconds: 20, rate: 2_000, success: 0.95, latencyMs: 10 },
  { seconds: 2.9, rate: 0, success: 1, latencyMs: 1 },
  { seconds: 10, rate: 500, success: 0.55, latencyMs: 400 },
];

/**
 * Records a trace: the same for the same seed.
 *
 * Every second random number lies within two units of 2^-53 of the probability that our throttle
 * computes at that moment, so that a probability that differs in its last bits turns the decision.
 */
export function recordTrace(seed: number): Trace {
  const random = createRandom(seed);
  const draws: number[] = [];
  let draw = 0;
  const throttle = createAdaptiveThrottle({
    ...AEGIS_THROTTLE,
    random: () => {
      draws.push(draw);
      return draw / ONE;
    },
  });
  const events = schedule(random);
  play(events, throttle, (now) => {
    const edge = Math.floor(throttle.rejection(now) * ONE) + Math.floor(random() * 5) - 2;
    const anywhere = Math.floor(random() * 2 ** 21) * 2 ** 32 + Math.floor(random() * 2 ** 32);
    draw = random() < 0.5 && edge >= 0 && edge < ONE ? edge : anywhere;
  });
  return { draws, events };
}

/** Plays a trace to our throttle with aegis's numbers. */
export function playToThrottle({ draws, events }: Trace): Decisions {
  let drawn = 0;
  const throttle = createAdaptiveThrottle({
    ...AEGIS_THROTTLE,
    random: () => (draws[drawn++] ?? Number.NaN) / ONE,
  });
  const decisions = play(events, throttle);
  return { decisions, drawn };
}

/** Random numbers are integers below this, as in Go's `rand.Float64`. */
const ONE = 2 ** 53;

function play(
  events: readonly TraceEvent[],
  throttle: AdaptiveThrottle,
  beforeEach?: (now: number) => void,
): string {
  const passed = new Set<number>();
  const decisions: string[] = [];
  for (const [tick, call, kind] of events) {
    const now = tick / TICKS_PER_MS;
    if (kind !== 0) {
      if (passed.has(call)) throttle.settle(now, kind === 1 ? 'success' : 'failure');
      continue;
    }
    beforeEach?.(now);
    const admitted = throttle.admit(now);
    if (admitted) passed.add(call);
    decisions.push(admitted ? '1' : '0');
  }
  return decisions.join('');
}

function schedule(random: () => number): TraceEvent[] {
  const events: TraceEvent[] = [];
  let from = 0;
  let call = 0;
  for (const { seconds, rate, success, latencyMs } of phases) {
    const until = from + seconds * 1_000 * TICKS_PER_MS;
    const gap = (1_000 * TICKS_PER_MS) / rate;
    for (let at = from; at < until; at += gap * 2 * random()) {
      const start = atEdgeSometimes(Math.round(at), random);
      const lasts = Math.round(latencyMs * TICKS_PER_MS * 2 * random());
      events.push([start, call, 0]);
      events.push([atEdgeSometimes(start + lasts, random), call, random() < success ? 1 : 2]);
      call++;
      if (rate === 0) break;
    }
    from = until;
  }
  return events.sort(
    ([a, callA, kindA], [b, callB, kindB]) => a - b || callA - callB || kindA - kindB,
  );
}

/** One event in twenty falls on the very edge between two buckets. */
function atEdgeSometimes(tick: number, random: () => number): number {
  return random() < 0.05 ? Math.ceil(tick / BUCKET_TICKS) * BUCKET_TICKS : tick;
}

/** Mulberry32: small, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
