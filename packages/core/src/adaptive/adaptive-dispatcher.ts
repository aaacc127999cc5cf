import type { AttemptDetails } from '../attempt.ts';
import type { DispatchedAttempt, Dispatcher } from '../dispatch.ts';
import type { Endpoint } from '../endpoint.ts';
import type { EndpointLoad, EndpointState } from '../endpoint-state.ts';
import type { Outcome } from '../outcome.ts';
import type { CompleteAdaptiveOptions } from './adaptive-options.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { CreditLines } from './credit-lines.ts';
import type { Election } from './election.ts';
import { ELECTION_LIMITS, type ElectionLimits, electionFor } from './election-for.ts';
import { LoadLevels } from './load-levels.ts';
import { Multipliers } from './multipliers.ts';
import { PendingPicks } from './pending-picks.ts';
import { PlainElection } from './plain-election.ts';
import { SlotTable } from './slot-table.ts';

/** Multipliers are brought up to date this often, by the first pick that comes after. */
const TICK_MS = 100;
/** Factor of all weights while there are multipliers, which are fractions. */
const SCALE = 1_024;
/** Adaptive dispatch in one balancer; `adaptiveDispatch` says what it does. */
export class AdaptiveDispatcher<E extends Endpoint> implements Dispatcher<E> {
  readonly #limits: ElectionLimits;
  readonly #slots: SlotTable<E>;
  readonly #credits: CreditLines<E>;
  readonly #levels: LoadLevels<E>;
  readonly #pending = new PendingPicks<E>();
  #active: AdaptiveSlot<E>[] = [];
  #election: Election<E> = new PlainElection();
  #states: ReadonlyMap<string, EndpointState<E>> = new Map();
  readonly #multipliers = new Multipliers<E>();
  /** Factor of all weights. */
  #scale = 1;
  #averageWeight = 0;
  #isSettled = true;
  /** The latest time it has heard of: time never runs backwards here. */
  #now = 0;
  #tickAt = 0;

  /** `limits`: for tests. */
  constructor(
    random: (() => number) | undefined,
    options: CompleteAdaptiveOptions,
    limits: ElectionLimits = ELECTION_LIMITS,
  ) {
    this.#slots = new SlotTable(random);
    this.#limits = limits;
    this.#credits = new CreditLines(random);
    this.#levels = new LoadLevels(options);
  }

  get epoch(): number {
    return this.#pending.epoch;
  }

  configure(options: CompleteAdaptiveOptions): void {
    this.#levels.options = options;
    this.#isSettled = false;
    this.#tickAt = this.#now;
  }

  set(state: EndpointState<E>): void {
    this.#slots.add(state);
    this.#isSettled = false;
  }

  delete(state: EndpointState<E>): void {
    this.#slots.remove(state);
    this.#isSettled = false;
  }

  setRotation(): void {
    this.#isSettled = false;
  }

  fit(states: ReadonlyMap<string, EndpointState<E>>): void {
    this.#states = states;
  }

  next(now: number, tried: ReadonlySet<string> | undefined): EndpointState<E> | undefined {
    if (now > this.#now) this.#now = now;
    if (!this.#isSettled) this.#settle();
    if (this.#now >= this.#tickAt) this.#tick();
    if (this.#now >= this.#levels.dueAt) {
      this.#levels.age(this.#now, this.#active, false, this.#moved);
    }
    const slot =
      tried === undefined || tried.size === 0 ? this.#elect() : this.#electUntried(tried);
    if (slot === undefined) return undefined;
    this.#pending.add(slot);
    slot.reported?.sent();
    this.#refresh(slot);
    if (this.#credits.mustSettle) this.#isSettled = false;
    return slot.state;
  }

  started(attempt: DispatchedAttempt<E>): void {
    const slot = this.#slots.of(attempt.state);
    // A pick that was forgotten counts again from now on; the others went on counting.
    if (slot !== undefined && !this.#pending.remove(slot, attempt.epoch)) this.#refresh(slot);
  }

  ended(
    attempt: DispatchedAttempt<E>,
    outcome: Outcome,
    now: number,
    latencyMs: number,
    details: AttemptDetails | undefined,
  ): void {
    const slot = this.#slots.of(attempt.state);
    if (slot === undefined) return;
    if (now > this.#now && now < Number.POSITIVE_INFINITY) this.#now = now;
    if (!attempt.wasStarted) this.#pending.remove(slot, attempt.epoch);
    else if (outcome === 'failure') this.#levels.failed(slot, this.#now);
    else if (outcome === 'success') {
      if (details?.measuresLatency !== false) slot.latency.add(latencyMs);
      if (details?.report) this.#levels.reported(slot, this.#now, details.report);
    }
    this.#refresh(slot);
  }

  describe(state: EndpointState<E>, now: number): EndpointLoad | undefined {
    const slot = this.#slots.of(state);
    if (slot === undefined) return undefined;
    const at = Math.max(now, this.#now);
    return {
      level: this.#levels.level(slot, at),
      phantom: this.#levels.phantom(slot, at),
      latencyMs: slot.latency.average,
      latencyMultiplier: slot.latencyMultiplier,
      capacityMultiplier: slot.capacityMultiplier,
      credit: this.#credits.calls(slot) ?? 0,
    };
  }

  credit(state: EndpointState<E>): number | undefined {
    const slot = this.#slots.of(state);
    return slot && this.#credits.calls(slot);
  }

  restore(credits: ReadonlyMap<string, number>): void {
    this.#settle();
    for (const slot of this.#slots.all) {
      const calls = credits.get(slot.state.endpoint.key);
      if (calls !== undefined) this.#credits.restore(slot, calls);
    }
    this.#isSettled = false;
  }

  #elect(): AdaptiveSlot<E> | undefined {
    const { total, picks } = this.#credits;
    const winner = this.#election.winner(this.#levels.slack, picks + 1);
    if (winner !== undefined) this.#credits.pay(winner, total);
    return winner;
  }

  /** Makes the pick on the subset without the tried ones, which neither gain nor count. */
  #electUntried(tried: ReadonlySet<string>): AdaptiveSlot<E> | undefined {
    const held: AdaptiveSlot<E>[] = [];
    let { total } = this.#credits;
    for (const key of tried) {
      const state = this.#states.get(key);
      const slot = state && this.#slots.of(state);
      if (!slot?.isActive) continue;
      this.#election.hold(slot);
      held.push(slot);
      total -= slot.gain;
    }
    const winner = this.#election.winner(this.#levels.slack, this.#credits.picks + 1);
    if (winner !== undefined) {
      this.#credits.pay(winner, total);
      this.#election.moved(winner); // before others are put back beside it
    }
    for (const slot of held) {
      if (winner !== undefined) this.#credits.freeze(slot);
      this.#election.release(slot);
    }
    return winner;
  }

  readonly #refresh = (slot: AdaptiveSlot<E>): void => {
    this.#levels.refresh(slot, this.#now);
    this.#election.moved(slot);
  };

  readonly #moved = (slot: AdaptiveSlot<E>): void => this.#election.moved(slot);

  #tick(): void {
    this.#tickAt = this.#now + TICK_MS;
    this.#pending.tick(this.#now, this.#slots.all, this.#refresh);
    const { latencyDeadBand } = this.#levels.options;
    this.#multipliers.tick(this.#now, this.#active, latencyDeadBand, this.#reweigh);
    if (!this.#isSettled) this.#settle();
  }

  readonly #reweigh = (slot: AdaptiveSlot<E>): void => {
    // The first multiplier brings all weights to another scale.
    if (this.#scale === 1) this.#isSettled = false;
    if (!this.#isSettled) return;
    this.#credits.setGain(slot, this.#gainOf(slot));
    slot.perCall = this.#averageWeight / slot.capacity;
    this.#levels.refresh(slot, this.#now);
    this.#election.reweighed(slot);
    if (this.#credits.mustSettle) this.#isSettled = false;
  };

  /** A function of the capacity alone, as is the level per call: one class has one of both. */
  #gainOf({ capacity }: AdaptiveSlot<E>): number {
    return Math.max(1, Math.round(capacity * this.#scale));
  }

  /** Makes changes of the set and the weights good, once for all of them. O(n log n). */
  #settle(): void {
    this.#credits.write();
    const active: AdaptiveSlot<E>[] = [];
    let weight = 0;
    let isPlain = true;
    for (const slot of this.#slots.all) {
      const { state, multiplier } = slot;
      const isActive = state.inRotation && state.endpoint.weight > 0;
      if (isActive && !slot.isActive) slot.returned = true;
      slot.isActive = isActive;
      slot.loadClass = undefined;
      if (!isActive) continue;
      active.push(slot);
      weight += state.endpoint.weight;
      if (multiplier !== 1) isPlain = false;
    }
    this.#active = active;
    this.#scale = isPlain ? 1 : SCALE;
    this.#averageWeight = weight / active.length;
    for (const slot of active) {
      slot.gain = this.#gainOf(slot);
      slot.perCall = this.#averageWeight / slot.capacity;
    }
    this.#credits.settle(this.#slots.all, active);
    this.#levels.age(this.#now, active, true, ignore);
    this.#election = electionFor(active, this.#limits);
    this.#isSettled = true;
  }
}

function ignore(): void {}
