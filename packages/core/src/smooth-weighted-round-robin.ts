import { checkSnapshot, scaleCredit } from './credits.ts';
import { startPhase } from './phase.ts';
import type { Scheduler, SchedulerOptions, SchedulerSnapshot } from './scheduler.ts';
import { checkWeight } from './weight.ts';

/**
 * Creates nginx's smooth weighted round robin (`ngx_http_upstream_get_peer`, Maxim Dounin, 2012).
 *
 * At every pick each key gains its weight as credit, the one with the most credit wins (of several,
 * the one added first), and the winner pays the total back. Weights 5, 1, 1, total 7:
 *
 * ```text
 * pick   credits after the gain    winner   credits after it paid
 *  1       5   1   1                 a        -2   1   1
 *  2       3   2   2                 a        -4   2   2
 *  3       1   3   3                 b         1  -4   3
 *  4       6  -3   4                 a        -1  -3   4
 *  5       4  -2   5                 c         4  -2  -2
 *  6       9  -1  -1                 a         2  -1  -1
 *  7       7   0   0                 a         0   0   0    and so on from the start: a a b a c a a
 * ```
 *
 * Credits survive changes: {@link Scheduler} says how.
 */
export function createSmoothWeightedRoundRobin<K>(options: SchedulerOptions = {}): Scheduler<K> {
  return new SmoothWeightedRoundRobin<K>(options);
}

interface Entry<K> {
  readonly key: K;
  weight: number;
  available: boolean;
  credit: number;
  /** Waits to draw its starting credit. */
  joining: boolean;
  /** Has come back, and its credit has yet to be clamped. */
  returned: boolean;
  /** Number of picks made when it left the rotation. */
  frozenAt: number;
}

class SmoothWeightedRoundRobin<K> implements Scheduler<K> {
  readonly #random: (() => number) | undefined;
  readonly #byKey = new Map<K, Entry<K>>();
  /** In the order in which the keys were added. */
  #entries: Entry<K>[] = [];
  #totalWeight = 0;
  #referenceWeight = 0;
  #picks = 0;
  #settled = true;

  constructor({ random }: SchedulerOptions) {
    if (random !== undefined && typeof random !== 'function') {
      throw new TypeError(`random must be a function, got ${String(random)}`);
    }
    this.#random = random;
  }

  get size(): number {
    return this.#entries.length;
  }

  get totalWeight(): number {
    return this.#totalWeight;
  }

  has(key: K): boolean {
    return this.#byKey.has(key);
  }

  set(key: K, weight: number): void {
    checkWeight(key, weight);
    const entry = this.#byKey.get(key) ?? this.#add(key);
    this.#change(entry, weight, entry.available);
  }

  setAvailable(key: K, available: boolean): void {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) this.#change(entry, entry.weight, available);
  }

  delete(key: K): boolean {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return false;
    this.#change(entry, 0, false);
    this.#byKey.delete(key);
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    return true;
  }

  next(tried?: ReadonlySet<K>): K | undefined {
    if (!this.#settled) this.#settle();
    return this.#pick(tried)?.key;
  }

  credit(key: K): number | undefined {
    const entry = this.#byKey.get(key);
    return entry === undefined || entry.joining ? undefined : entry.credit;
  }

  snapshot(): SchedulerSnapshot<K> {
    const total = this.#totalWeight;
    const rescaled = this.#mustRescale();
    return {
      referenceWeight: rescaled || this.#referenceWeight === 0 ? total : this.#referenceWeight,
      entries: this.#entries.map((entry) => {
        const { key, weight, available } = entry;
        if (entry.joining) return { key, weight, available };
        let credit = entry.credit;
        if (rescaled) credit = scaleCredit(credit, total, this.#referenceWeight);
        if (entry.returned && isActive(entry)) credit = clamp(credit, total);
        return { key, weight, available, credit };
      }),
    };
  }

  restore(snapshot: SchedulerSnapshot<K>): void {
    checkSnapshot(snapshot);
    this.#byKey.clear();
    this.#entries = [];
    this.#totalWeight = 0;
    this.#picks = 0;
    for (const { key, weight, available, credit } of snapshot.entries) {
      const entry = this.#add(key);
      this.#change(entry, weight, available);
      entry.joining &&= credit === undefined;
      entry.credit = credit ?? 0;
      entry.returned = false;
    }
    this.#referenceWeight = snapshot.referenceWeight;
  }

  #add(key: K): Entry<K> {
    const entry: Entry<K> = {
      key,
      weight: 0,
      available: true,
      credit: 0,
      joining: this.#random !== undefined,
      returned: false,
      frozenAt: -1,
    };
    this.#byKey.set(key, entry);
    this.#entries.push(entry);
    return entry;
  }

  #change(entry: Entry<K>, weight: number, available: boolean): void {
    const before = isActive(entry);
    if (before) this.#totalWeight -= entry.weight;
    entry.weight = weight;
    entry.available = available;
    const after = isActive(entry);
    if (after) this.#totalWeight += entry.weight;
    if (before && !after) entry.frozenAt = this.#picks;
    if (!before && after && entry.frozenAt !== this.#picks) entry.returned = true;
    this.#settled = false;
  }

  #mustRescale(): boolean {
    const total = this.#totalWeight;
    const reference = this.#referenceWeight;
    return total > 0 && reference > 0 && (total < reference / 2 || total > reference * 2);
  }

  /** Makes the changes since the last pick good, once for all of them. */
  #settle(): void {
    const total = this.#totalWeight;
    if (total === 0) return;
    if (this.#mustRescale()) {
      for (const entry of this.#entries) {
        entry.credit = scaleCredit(entry.credit, total, this.#referenceWeight);
      }
      this.#referenceWeight = total;
    }
    if (this.#referenceWeight === 0) this.#referenceWeight = total;
    this.#join();
    for (const entry of this.#entries) {
      if (!entry.returned || !isActive(entry)) continue;
      entry.credit = clamp(entry.credit, total);
      entry.returned = false;
    }
    this.#settled = true;
  }

  #join(): void {
    const random = this.#random;
    if (random === undefined) return;
    const active = this.#entries.filter(isActive);
    const joining = active.filter((entry) => entry.joining);
    if (joining.length === 0) return;
    const total = this.#totalWeight;
    if (joining.length < active.length) {
      for (const entry of joining) entry.credit = Math.trunc((draw(random) - 0.5) * total) + 0;
    } else {
      const { credits, picks } = startPhase(
        active.map((entry) => entry.weight),
        draw(random),
      );
      for (const [i, entry] of active.entries()) entry.credit = credits[i] ?? 0;
      for (let i = 0; i < picks; i++) this.#pick();
    }
    for (const entry of joining) entry.joining = false;
  }

  #pick(tried?: ReadonlySet<K>): Entry<K> | undefined {
    let total = 0;
    let best: Entry<K> | undefined;
    for (const entry of this.#entries) {
      if (!isActive(entry) || tried?.has(entry.key)) continue;
      entry.credit += entry.weight;
      total += entry.weight;
      if (best === undefined || entry.credit > best.credit) best = entry;
    }
    if (best === undefined) return undefined;
    best.credit -= total;
    this.#picks += 1;
    return best;
  }
}

function isActive({ weight, available }: Entry<unknown>): boolean {
  return available && weight > 0;
}

function clamp(credit: number, limit: number): number {
  return Math.min(Math.max(credit, -limit), limit);
}

function draw(random: () => number): number {
  const value = random();
  if (value >= 0 && value < 1) return value;
  throw new RangeError(`random must return a number in [0, 1), got ${String(value)}`);
}
