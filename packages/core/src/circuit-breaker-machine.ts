import { backoffMs, drawSample } from './backoff.ts';
import type {
  CircuitBreakerEvent,
  CircuitBreakerReason,
  CircuitMode,
  CircuitState,
} from './circuit-breaker-event.ts';
import {
  BLANK,
  type CircuitBreakerData,
  type CircuitBreakerJson,
  dataOf,
} from './circuit-breaker-json.ts';
import type { CircuitBreakerOptions, CircuitBreakerRules } from './circuit-breaker-options.ts';
import { EventQueue } from './event-queue.ts';
import type { Outcome } from './outcome.ts';
import { Probes } from './probes.ts';
import { RollingWindow, WINDOW_BUCKETS } from './rolling-window.ts';
import { brokenRule } from './trip-rule.ts';

/**
 * The states of a circuit breaker and what moves it from one to the other.
 *
 *     closed ── a rule is broken ──► open ── open time over, next call ──► half-open
 *       ▲                             ▲                                     │  │
 *       │                             └──── a probe fails or is lost ───────┘  │
 *       └─────────────────────── enough probes succeed ────────────────────────┘
 *
 * Every move starts a generation: only tokens issued since then count. The rules (trip-rule.ts), the
 * counts (rolling-window.ts), the open time (backoff.ts) and the probes (probes.ts) are elsewhere.
 */
export class CircuitBreakerMachine {
  #rules: CircuitBreakerRules;
  #random: CircuitBreakerOptions['random'];
  #onEvent: CircuitBreakerOptions['onEvent'];
  readonly #window: RollingWindow;
  readonly #data: CircuitBreakerData;
  /** The probes, while half-open. */
  #probes: Probes | undefined;
  /** Closed by itself: calls pass and are counted. The usual case, spelled out where it is hot. */
  #counting = true;
  /** Created at the first event, if anybody listens. */
  #events: EventQueue<CircuitBreakerEvent> | undefined;

  constructor(
    rules: CircuitBreakerRules,
    { random, onEvent }: CircuitBreakerOptions,
    json?: CircuitBreakerJson,
    now?: number,
  ) {
    this.#rules = rules;
    this.#random = random;
    this.#onEvent = onEvent;
    const slow = rules.slowCallRate !== false;
    const shiftMs = json === undefined || now === undefined ? 0 : now - json.at;
    this.#window = new RollingWindow(rules.windowMs, WINDOW_BUCKETS, slow, json?.window, shiftMs);
    this.#data = json ? dataOf(json, now) : { ...BLANK, sample: drawSample(random) };
    if (json === undefined) return;
    const { probes } = json;
    this.#counting = this.#data.mode === 'auto' && this.#data.state === 'closed';
    if (probes) this.#probes = new Probes(now === undefined ? probes : { ...probes, leases: [] });
    this.#fitToRules();
  }

  get state(): CircuitState {
    const { mode, state } = this.#data;
    return mode === 'auto' ? state : mode;
  }

  get mode(): CircuitMode {
    return this.#data.mode;
  }

  get trips(): number {
    return this.#data.trips;
  }

  pickable(now: number): boolean {
    return this.retryAfterMs(now) === 0;
  }

  retryAfterMs(now: number): number {
    const { mode, state, until, trips } = this.#data;
    if (mode === 'closed' || (mode === 'auto' && state === 'closed')) return 0;
    if (mode === 'open') return this.#rules.maxOpenMs;
    const at = this.#latest(now);
    if (this.#probes === undefined) return Math.max(0, until - at);
    const lostAt = this.#probes.firstExpiry();
    if (lostAt <= at) return Math.max(0, lostAt + this.#openMs(trips + 1) - at);
    return this.#probes.free(this.#rules) ? 0 : Math.min(lostAt - at, this.#rules.openMs);
  }

  acquire(now: number, deadline?: number): number {
    if (this.#counting) {
      const data = this.#data;
      if (now > data.at && now < Number.POSITIVE_INFINITY) data.at = now;
      return ++data.lastToken;
    }
    this.#observe(now);
    const token = this.#grant(deadline);
    this.#events?.tell(this.#onEvent);
    return token;
  }

  settle(token: number, now: number, outcome: Outcome, latencyMs = 0): void {
    const data = this.#data;
    if (!this.#counting) this.#observe(now);
    else if (now > data.at && now < Number.POSITIVE_INFINITY) data.at = now;
    if (token >= data.firstToken && token <= data.lastToken) {
      const slow = latencyMs > this.#rules.slowCallMs;
      if (this.#counting) this.#count(outcome, slow);
      else if (this.#probes !== undefined) this.#judge(this.#probes, token, outcome, slow);
    }
    this.#events?.tell(this.#onEvent);
  }

  force(mode: CircuitMode, now: number): void {
    this.#observe(now);
    if (mode !== this.#data.mode) {
      this.#data.trips = 0;
      this.#close('forced', mode);
    }
    this.#events?.tell(this.#onEvent);
  }

  /** Goes on by other rules. */
  adopt(rules: CircuitBreakerRules, hooks: CircuitBreakerOptions, now: number): void {
    this.#observe(now);
    this.#rules = rules;
    this.#random = hooks.random ?? this.#random;
    this.#onEvent = hooks.onEvent ?? this.#onEvent;
    this.#window.reshape(rules.windowMs, rules.slowCallRate !== false);
    this.#fitToRules();
    this.#events?.tell(this.#onEvent);
  }

  json(now: number): CircuitBreakerJson {
    const window = this.#window.toJSON();
    const probes = this.#probes?.toJSON() ?? null;
    return { version: 1, ...this.#data, at: this.#latest(now), window, probes };
  }

  /** Time never runs backwards, whatever `now` is. */
  #latest(now: number): number {
    const { at } = this.#data;
    return now > at && now < Number.POSITIVE_INFINITY ? now : at;
  }

  /** Moves on to `now`. A probe lost before then has opened the circuit at the moment it was lost. */
  #observe(now: number): void {
    const data = this.#data;
    data.at = this.#latest(now);
    if (this.#probes === undefined) return;
    const lostAt = this.#probes.firstExpiry();
    if (lostAt <= data.at) this.#open(lostAt, 'probe-lost', data.trips + 1);
  }

  #grant(deadline: number | undefined): number {
    const data = this.#data;
    if (data.mode === 'open') return 0;
    // Closed by itself is handled where calls are counted.
    if (data.mode === 'closed') return ++data.lastToken;
    if (data.state === 'open') {
      if (data.at < data.until) return 0;
      this.#enter('half-open', data.at, 'open-time-over', data.mode, 0);
    }
    if (this.#probes === undefined || !this.#probes.free(this.#rules)) return 0;
    const expiresAt = data.at + this.#rules.probeLeaseMs;
    // A deadline that has passed already says nothing of how long to wait.
    const sooner = deadline !== undefined && deadline > data.at && deadline < expiresAt;
    this.#probes.lend(++data.lastToken, sooner ? deadline : expiresAt);
    return data.lastToken;
  }

  #count(outcome: Outcome, slow: boolean): void {
    if (outcome === 'ignored') return;
    const data = this.#data;
    const failed = outcome === 'failure';
    data.failuresInARow = failed ? data.failuresInARow + 1 : 0;
    this.#window.add(data.at, failed, slow);
    if (!failed && !slow) return;
    const reason = brokenRule(this.#rules, this.#window, data.failuresInARow, failed, slow);
    if (reason === undefined) return;
    const forgiven = Math.floor((data.at - data.since) / this.#rules.windowMs);
    this.#open(data.at, reason, Math.max(0, data.trips - forgiven) + 1);
  }

  #judge(probes: Probes, token: number, outcome: Outcome, slow: boolean): void {
    const { slowCallRate, probes: needed } = this.#rules;
    const { at, trips, mode } = this.#data;
    const verdict = probes.settle(token, outcome, slow && slowCallRate !== false, needed);
    if (verdict === 'succeeded') this.#close('probes-succeeded', mode);
    if (verdict === 'failed') this.#open(at, 'probe-failed', trips + 1);
    if (verdict === 'inconclusive') this.#open(at, 'probes-inconclusive', trips);
  }

  #open(at: number, reason: CircuitBreakerReason, trips: number): void {
    const data = this.#data;
    const openMs = this.#openMs(trips);
    data.sample = drawSample(this.#random);
    data.trips = trips;
    data.until = at + openMs;
    this.#enter('open', at, reason, data.mode, openMs);
  }

  #close(reason: CircuitBreakerReason, mode: CircuitMode): void {
    this.#window.clear();
    this.#data.failuresInARow = 0;
    this.#enter('closed', this.#data.at, reason, mode, 0);
  }

  #enter(
    state: CircuitState,
    at: number,
    reason: CircuitBreakerReason,
    mode: CircuitMode,
    openMs: number,
  ): void {
    const data = this.#data;
    const from = this.state;
    data.state = state;
    data.mode = mode;
    this.#counting = mode === 'auto' && state === 'closed';
    data.since = at;
    data.generation++;
    data.firstToken = data.lastToken + 1;
    this.#probes = state === 'half-open' ? new Probes() : undefined;
    if (this.#onEvent === undefined) return;
    this.#events ??= new EventQueue();
    const { state: to, trips } = this;
    this.#events.push({ type: 'breaker', from, to, reason, at, mode, trips, openMs });
  }

  /** What was under way must not outlast what new options allow. */
  #fitToRules(): void {
    const data = this.#data;
    const { maxOpenMs, jitter, probes } = this.#rules;
    data.until = Math.min(data.until, data.since + maxOpenMs * (1 + jitter));
    if (this.#probes !== undefined && this.#probes.succeeded >= probes) {
      this.#close('probes-succeeded', data.mode);
    }
  }

  #openMs(trips: number): number {
    return backoffMs(trips, this.#data.sample, this.#rules.backoff);
  }
}
