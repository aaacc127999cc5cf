import { type FailoverOptions, type Outcome, runWithFailover } from '@wrr/core';
import { createFakeClock } from '@wrr/test-support';

/** How an endpoint answers one attempt. */
export interface Answer {
  readonly how: 'ok' | 'fail' | 'fatal' | 'hang';
  readonly afterMs: number;
  /** What a failure says on retries. */
  readonly pushback?: string | undefined;
}

/** What happened, in order. */
export type Entry =
  | { readonly at: number; readonly what: 'start'; readonly key: string; readonly answer: Answer }
  | { readonly at: number; readonly what: 'end'; readonly key: string; readonly outcome: Outcome }
  | { readonly at: number; readonly what: 'abort'; readonly key: string };

/** A call as the laws of failover see it. */
export interface Report {
  readonly log: readonly Entry[];
  readonly starts: readonly Extract<Entry, { what: 'start' }>[];
  readonly ends: readonly Extract<Entry, { what: 'end' }>[];
  /** The value, or undefined. */
  readonly value: unknown;
  readonly error: unknown;
  /** When the call's promise had settled; undefined if it never did. */
  readonly settledAt: number | undefined;
  /** Timers left when it had settled. */
  readonly timers: number;
}

/** The error of a failed attempt. */
export class ServerError extends Error {
  readonly fatal: boolean;
  readonly pushback: string | undefined;

  constructor(key: string, { how, pushback }: Answer) {
    super(`${key} failed`);
    this.fatal = how === 'fatal';
    this.pushback = pushback;
  }
}

export type RunWithFailover = typeof runWithFailover;

export interface Scenario {
  readonly keys: readonly string[];
  readonly answers: readonly Answer[];
  readonly options?: Partial<FailoverOptions>;
  /** When the caller aborts. */
  readonly abortAt?: number | undefined;
}

/** Plays one call against endpoints that answer as written, on a fake clock. */
export async function playCall(
  { keys, answers, options = {}, abortAt }: Scenario,
  run: RunWithFailover = runWithFailover,
): Promise<Report> {
  const clock = createFakeClock();
  const log: Entry[] = [];
  const caller = new AbortController();
  let attempts = 0;
  const balancer = {
    pick({ tried, whenAllTried }: { tried: ReadonlySet<string>; whenAllTried: 'stop' | 'repeat' }) {
      let left = keys.filter((key) => !tried.has(key));
      if (left.length === 0 && whenAllTried === 'repeat') left = [...keys];
      // Another call picks in between, as in life: taking turns alone would not avoid an endpoint.
      const key = left[(2 * attempts) % Math.max(1, left.length)];
      if (key === undefined) return { kind: 'none', reason: 'all-tried', retryAfterMs: 0 } as const;
      const attempt = {
        start: () => {},
        end: (outcome: Outcome) => void log.push({ at: clock.now(), what: 'end', key, outcome }),
      };
      return { kind: 'picked', endpoint: { key }, attempt } as const;
    },
  };
  const call = async ({ key }: { key: string }, { signal }: { signal: AbortSignal }) => {
    const answer = answers[attempts++] ?? { how: 'ok', afterMs: 1 };
    log.push({ at: clock.now(), what: 'start', key, answer });
    signal.addEventListener('abort', () => log.push({ at: clock.now(), what: 'abort', key }));
    if (answer.how === 'hang') return new Promise<never>(() => {});
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, answer.afterMs));
    if (answer.how === 'ok') return `answer of ${key}`;
    throw new ServerError(key, answer);
  };
  const report: { -readonly [K in keyof Report]: Report[K] } = {
    log,
    starts: [],
    ends: [],
    value: undefined,
    error: undefined,
    settledAt: undefined,
    timers: 0,
  };
  const settle = (): void => {
    report.settledAt = clock.now();
  };
  run(balancer, call, {
    clock,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    retryable: (error) => !(error instanceof ServerError && error.fatal),
    pushback: (error) => (error instanceof ServerError ? error.pushback : undefined),
    ...options,
    signal: caller.signal,
  }).then(
    (value) => {
      report.value = value;
      settle();
    },
    (error: unknown) => {
      report.error = error;
      settle();
    },
  );
  if (abortAt !== undefined)
    clock.setTimeout(() => caller.abort(new Error('caller left')), abortAt);
  await clock.advanceAsync(abortAt ?? 0);
  await clock.advanceAsync(0);
  for (let i = 0; i < 100 && report.settledAt === undefined; i++) {
    await clock.advanceAsync(clock.nextTimerMs ?? 0);
  }
  // Whatever is still to come must come to light.
  const answersLeft = answers.length;
  await clock.advanceAsync(10_000 + answersLeft);
  report.timers = clock.pendingTimers;
  report.starts = log.filter((entry) => entry.what === 'start');
  report.ends = log.filter((entry) => entry.what === 'end');
  return report;
}
