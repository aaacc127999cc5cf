import type { CircuitBreakerOptions, CircuitState, Outcome } from '@wrr/core';

/** One bug class of other breakers each, to show that the laws would notice it. */
export type BreakerBug =
  | 'probes-without-lease'
  | 'ignored-probe-keeps-its-slot'
  | 'ignored-probe-closes'
  | 'pickable-waits-for-a-call'
  | 'late-results-count'
  | 'probes-without-bound'
  | 'one-bucket-per-call'
  | 'rejections-count'
  | 'window-survives-closing'
  | 'trusts-the-clock'
  | 'holds-a-timer'
  | 'restores-as-just-opened'
  | 'restored-state-is-shared'
  | 'ignored-counts-as-success'
  | 'backoff-without-bound'
  | 'second-result-counts'
  | 'trips-below-the-minimum';

/** What the laws need of a breaker. */
export interface BreakerUnderTest {
  readonly state: CircuitState;
  pickable(now: number): boolean;
  acquire(now: number, deadline?: number): number;
  settle(token: number, now: number, outcome: Outcome, latencyMs?: number): void;
  retryAfterMs(now: number): number;
  force(mode: 'auto' | 'open' | 'closed', now?: number): void;
}

/** Anything that makes breakers: the real one, the naive one, the naive one with a bug. */
export type CreateBreaker = (options?: CircuitBreakerOptions, json?: unknown) => BreakerUnderTest;

interface Counted {
  readonly slot: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

interface Token {
  readonly generation: number;
  readonly expiresAt: number;
}

const BUCKETS = 10;

/**
 * The circuit breaker as one would write it on a blackboard: it keeps every call of the current
 * state and counts them anew at each step. Shares no code with the real one. With a `bug`, it is a
 * deliberately broken copy.
 */
export class NaiveBreaker implements BreakerUnderTest {
  readonly bug: BreakerBug | undefined;
  mode: 'auto' | 'open' | 'closed' = 'auto';
  phase: CircuitState = 'closed';
  now: number = Number.MIN_SAFE_INTEGER;
  enteredAt: number = Number.MIN_SAFE_INTEGER;
  reopensAt = 0;
  trips = 0;
  generation = 0;
  tokens: (Token | undefined)[] = [undefined];
  /** Tokens of probes in flight. */
  probes: number[] = [];
  succeeded = 0;
  ignored = 0;
  row = 0;
  calls: Counted[] = [];
  /** Refused calls that count, with that bug. */
  refused = 0;
  lastSlot = Number.NEGATIVE_INFINITY;
  factor: number;
  readonly options: Required<Omit<CircuitBreakerOptions, 'onEvent'>>;
  readonly timer: NodeJS.Timeout | undefined;

  constructor(options: CircuitBreakerOptions = {}, json?: unknown, bug?: BreakerBug) {
    this.bug = bug;
    const { random, ...rest } = options;
    this.options = {
      consecutiveFailures: 5,
      failureRate: 0.5,
      slowCallRate: false,
      slowCallMs: Number.POSITIVE_INFINITY,
      minimumCalls: 20,
      windowMs: 10_000,
      openMs: 1_000,
      maxOpenMs: 60_000,
      jitter: 0.1,
      probes: 3,
      probeConcurrency: 1,
      probeLeaseMs: 10_000,
      random,
      ...rest,
    };
    this.factor = this.draw();
    if (bug === 'holds-a-timer') this.timer = setInterval(() => {}, 1_000);
    if (json !== undefined) this.restore(json as NaiveBreaker);
  }

  get state(): CircuitState {
    return this.mode === 'auto' ? this.phase : this.mode;
  }

  toJSON(): object {
    const { bug: _bug, options: _options, timer: _timer, ...state } = this;
    return state;
  }

  pickable(now: number): boolean {
    if (this.mode !== 'auto') return this.mode === 'closed';
    if (this.bug === 'pickable-waits-for-a-call') return this.phase !== 'open';
    return this.retryAfterMs(now) === 0;
  }

  retryAfterMs(now: number): number {
    if (this.mode === 'open') return this.options.maxOpenMs;
    if (this.mode === 'closed' || this.phase === 'closed') return 0;
    const time = this.later(now);
    const lostAt = this.phase === 'half-open' ? this.firstLoss() : Number.POSITIVE_INFINITY;
    if (this.phase === 'open') return Math.max(0, this.reopensAt - time);
    if (lostAt <= time) return Math.max(0, lostAt + this.openTime(this.trips + 1) - time);
    return this.mayProbe() ? 0 : Math.min(lostAt - time, this.options.openMs);
  }

  acquire(now: number, deadline = Number.POSITIVE_INFINITY): number {
    this.tick(now);
    if (this.mode === 'open') return 0;
    if (this.mode === 'auto' && this.phase === 'open' && this.now >= this.reopensAt) {
      this.enter('half-open', this.now);
    }
    if (this.mode === 'auto' && (this.phase === 'open' || !this.mayProbe())) {
      if (this.bug === 'rejections-count') this.refused++;
      return 0;
    }
    const lease = this.now + this.options.probeLeaseMs;
    const expiresAt = deadline > this.now ? Math.min(lease, deadline) : lease;
    const token = this.tokens.push({ generation: this.generation, expiresAt }) - 1;
    if (this.phase === 'half-open') this.probes.push(token);
    return token;
  }

  settle(token: number, now: number, outcome: Outcome, latencyMs = 0): void {
    this.tick(now);
    const known = this.tokens[token];
    const slow = latencyMs > this.options.slowCallMs;
    if (this.mode !== 'auto' || known === undefined) return;
    if (known.generation !== this.generation && this.bug !== 'late-results-count') return;
    if (this.phase === 'closed') this.count(outcome, slow);
    if (this.phase === 'half-open') this.judge(token, outcome, slow);
  }

  force(mode: 'auto' | 'open' | 'closed', now = this.now): void {
    this.tick(now);
    if (mode === this.mode) return;
    this.mode = mode;
    this.trips = 0;
    this.close();
  }

  private count(outcome: Outcome, slow: boolean): void {
    if (outcome === 'ignored' && this.bug !== 'ignored-counts-as-success') return;
    const failed = outcome === 'failure';
    this.row = failed ? this.row + 1 : 0;
    this.forget();
    this.calls.push(this.counted(failed, slow));
    const { consecutiveFailures, failureRate, slowCallRate, minimumCalls } = this.options;
    const n = this.calls.length + this.refused;
    const share = (is: (call: Counted) => boolean): number => this.calls.filter(is).length;
    const enough = n >= minimumCalls || this.bug === 'trips-below-the-minimum';
    if (
      (failed && consecutiveFailures !== false && this.row >= consecutiveFailures) ||
      (failed && enough && failureRate !== false && share((c) => c.failed) >= failureRate * n) ||
      (slow && enough && slowCallRate !== false && share((c) => c.slow) >= slowCallRate * n)
    ) {
      const forgiven = Math.floor((this.now - this.enteredAt) / this.options.windowMs);
      this.open(this.now, Math.max(0, this.trips - forgiven) + 1);
    }
  }

  private judge(token: number, outcome: Outcome, slow: boolean): void {
    const twice = this.bug === 'second-result-counts' || this.bug === 'late-results-count';
    if (!this.probes.includes(token) && !twice) return;
    const kept = outcome === 'ignored' && this.bug === 'ignored-probe-keeps-its-slot';
    if (!kept) this.probes = this.probes.filter((probe) => probe !== token);
    const closes = this.bug === 'ignored-probe-closes' || this.bug === 'ignored-counts-as-success';
    if (outcome === 'ignored' && !closes) {
      if (++this.ignored === 10) this.open(this.now, this.trips);
    } else if (outcome === 'failure' || (slow && this.options.slowCallRate !== false)) {
      this.open(this.now, this.trips + 1);
    } else if (++this.succeeded === this.options.probes) this.close();
  }

  private tick(now: number): void {
    this.now = this.later(now);
    if (this.phase !== 'half-open') return;
    const lostAt = this.firstLoss();
    if (lostAt <= this.now) this.open(lostAt, this.trips + 1);
  }

  private later(now: number): number {
    if (this.bug === 'trusts-the-clock') return now;
    return Number.isFinite(now) ? Math.max(now, this.now) : this.now;
  }

  private firstLoss(): number {
    if (this.bug === 'probes-without-lease') return Number.POSITIVE_INFINITY;
    return Math.min(...this.probes.map((t) => this.tokens[t]?.expiresAt ?? 0));
  }

  private mayProbe(): boolean {
    if (this.phase !== 'half-open' || this.bug === 'probes-without-bound') return true;
    const { probes, probeConcurrency } = this.options;
    return this.probes.length < Math.min(probeConcurrency, probes - this.succeeded);
  }

  private forget(): void {
    const slot = this.slot();
    const steps = this.bug === 'one-bucket-per-call' ? 1 : slot - this.lastSlot;
    if (this.bug === 'one-bucket-per-call') {
      if (slot > this.lastSlot) this.lastSlot = Math.max(this.lastSlot + steps, 0);
      this.calls = this.calls.filter((call) => call.slot > this.lastSlot - BUCKETS);
      return;
    }
    this.lastSlot = slot;
    this.calls = this.calls.filter((call) => call.slot > slot - BUCKETS);
  }

  private counted(failed: boolean, slow: boolean): Counted {
    const slot = this.bug === 'one-bucket-per-call' ? this.lastSlot : this.slot();
    return { slot, failed, slow };
  }

  private slot(): number {
    return Math.floor(this.now / (this.options.windowMs / BUCKETS));
  }

  private openTime(trips: number): number {
    const { openMs, maxOpenMs, jitter } = this.options;
    const grown = openMs * 2 ** (trips - 1);
    const bound = this.bug === 'backoff-without-bound' ? grown : Math.min(grown, maxOpenMs);
    return bound * (1 + jitter * (2 * this.factor - 1));
  }

  private draw(): number {
    return this.options.random?.() ?? 0.5;
  }

  private open(at: number, trips: number): void {
    this.reopensAt = at + this.openTime(trips);
    this.factor = this.draw();
    this.trips = trips;
    this.enter('open', at);
  }

  private close(): void {
    if (this.bug !== 'window-survives-closing') this.calls = [];
    this.row = 0;
    this.enter('closed', this.now);
  }

  private enter(phase: CircuitState, at: number): void {
    this.phase = phase;
    this.enteredAt = at;
    this.generation++;
    this.probes = [];
    this.succeeded = 0;
    this.ignored = 0;
  }

  private restore(json: NaiveBreaker): void {
    const copy = this.bug === 'restored-state-is-shared' ? json : structuredClone(json);
    Object.assign(this, copy);
    if (this.bug === 'restores-as-just-opened') this.reopensAt += this.options.openMs;
  }
}

/** Makes naive breakers, with one bug or without. */
export function naive(bug?: BreakerBug): CreateBreaker {
  return (options, json) => new NaiveBreaker(options, json, bug);
}
