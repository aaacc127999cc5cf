import type { Outcome } from './outcome.ts';

/** A probe in flight. */
export interface ProbeLease {
  readonly token: number;
  /** When it counts as lost, in the milliseconds of the breaker's clock. */
  readonly expiresAt: number;
}

/** What the probes have shown so far. */
export interface ProbesJson {
  readonly succeeded: number;
  readonly ignored: number;
  readonly leases: readonly ProbeLease[];
}

/** How many probes decide, and how many may be in flight. */
interface ProbeLimits {
  readonly probes: number;
  readonly probeConcurrency: number;
}

/** What a probe's result decides; `undefined` when nothing yet. */
export type ProbeVerdict = 'succeeded' | 'failed' | 'inconclusive' | undefined;

/** Ignored probes after which the verdict is `inconclusive`, so that probing is never without end. */
const MAX_IGNORED = 10;

/**
 * The probes of one half-open period. Each is a lease: it ends by its result or by its expiry,
 * whichever is first, so that a probe that never settles cannot hold the circuit half-open for ever.
 */
export class Probes {
  #succeeded = 0;
  #ignored = 0;
  readonly #leases: ProbeLease[] = [];

  constructor(json?: ProbesJson) {
    if (json === undefined) return;
    this.#succeeded = json.succeeded;
    this.#ignored = json.ignored;
    this.#leases.push(...json.leases);
  }

  get succeeded(): number {
    return this.#succeeded;
  }

  /** Says whether one more may be lent: not more at once than agreed, nor than still needed. */
  free({ probes, probeConcurrency }: ProbeLimits): boolean {
    return this.#leases.length < Math.min(probeConcurrency, probes - this.#succeeded);
  }

  lend(token: number, expiresAt: number): void {
    this.#leases.push({ token, expiresAt });
  }

  /** When the first of those in flight expires; Infinity when there is none. */
  firstExpiry(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { expiresAt } of this.#leases) first = Math.min(first, expiresAt);
    return first;
  }

  /** Ends a lease by its result. A token without a lease decides nothing. */
  settle(token: number, outcome: Outcome, slow: boolean, needed: number): ProbeVerdict {
    const index = this.#leases.findIndex((lease) => lease.token === token);
    if (index < 0) return undefined;
    this.#leases.splice(index, 1);
    if (outcome === 'ignored') return ++this.#ignored < MAX_IGNORED ? undefined : 'inconclusive';
    if (outcome === 'failure' || slow) return 'failed';
    return ++this.#succeeded < needed ? undefined : 'succeeded';
  }

  toJSON(): ProbesJson {
    return { succeeded: this.#succeeded, ignored: this.#ignored, leases: this.#leases.slice() };
  }
}
