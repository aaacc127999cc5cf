import { candidateAt, type PeerServer, PlainPeer } from './peer.ts';
import type { PolicyContext, PolicyKind } from './policy.ts';
import { RecentCounts } from './recent-counts.ts';

/** The paper's parameters: r_probe, r_remove, m, the age of a probe, Q_RIF and δ. */
const PROBES_PER_CALL = 3;
const REMOVED_PER_CALL = 1;
const POOL_SIZE = 16;
const MOST_AGE_MS = 1_000;
const HOT_QUANTILE = 0.84;
const REUSE_DELTA = 1;

interface Probe {
  readonly server: PeerServer;
  readonly latencyMs: number;
  readonly at: number;
  inFlight: number;
  uses: number;
}

/**
 * Prequal (Wydrowski et al., NSDI 2024): a pool of asynchronous probes. Of those that are cold, which
 * is to say have fewer requests in flight than the hottest, the one with the lowest latency; when all
 * are hot, the one with the fewest in flight. At the limit itself a server counts as hot: in overload
 * that did better here.
 *
 * Here probes cost nothing, only the newest of each server is kept, and the pool is not thinned out
 * before it is full. All of it favours Prequal on few servers.
 */
class Prequal extends PlainPeer {
  readonly #byInFlight: boolean;
  readonly #recent = new RecentCounts();
  #pool: Probe[] = [];
  #removesWorst = false;

  constructor(context: PolicyContext, byInFlight: boolean) {
    super(context);
    this.#byInFlight = byInFlight;
  }

  probed(index: number, inFlight: number, latencyMs: number, now: number): void {
    const server = this.servers.find((other) => other.index === index);
    if (server === undefined) return;
    this.#recent.add(inFlight);
    this.#pool = this.#pool.filter((probe) => probe.server !== server);
    this.#pool.push({ server, latencyMs, at: now, inFlight, uses: 0 });
    if (this.#pool.length > POOL_SIZE) this.#pool.shift();
  }

  protected choose(candidates: readonly PeerServer[], now: number): PeerServer {
    this.#probe();
    this.#pool = this.#pool.filter((probe) => now - probe.at <= MOST_AGE_MS);
    const usable =
      candidates === this.servers
        ? this.#pool
        : this.#pool.filter(({ server }) => candidates.includes(server));
    if (usable.length === 0) return this.any(candidates);
    const best = this.#byInFlight
      ? least(usable, ({ inFlight, server }) => inFlight / server.weight)
      : this.#hotOrCold(usable);
    best.inFlight++;
    best.uses++;
    if (best.uses >= this.#reuses()) this.#drop(best);
    if (this.#pool.length === POOL_SIZE) {
      for (let i = 0; i < REMOVED_PER_CALL; i++) this.#dropOne();
    }
    return best.server;
  }

  #probe(): void {
    const left = [...this.servers];
    for (let i = Math.min(PROBES_PER_CALL, left.length); i > 0; i--) {
      const [server] = left.splice(Math.floor(this.context.random.next() * left.length), 1);
      if (server !== undefined) this.context.probe(server.index);
    }
  }

  #hotOrCold(pool: readonly Probe[]): Probe {
    const limit = this.#recent.quantile(HOT_QUANTILE);
    const cold = pool.filter(({ inFlight }) => inFlight < limit);
    return cold.length === 0
      ? least(pool, ({ inFlight }) => inFlight)
      : least(cold, ({ latencyMs }) => latencyMs);
  }

  /** Drops the oldest and the worst in turn. */
  #dropOne(): void {
    this.#removesWorst = !this.#removesWorst;
    this.#drop(this.#removesWorst ? this.#worst() : least(this.#pool, (probe) => probe.at));
  }

  /** The hottest, or when all are cold the slowest. */
  #worst(): Probe {
    const limit = this.#recent.quantile(HOT_QUANTILE);
    const isCold = this.#pool.every(({ inFlight }) => inFlight < limit);
    return isCold && !this.#byInFlight
      ? least(this.#pool, ({ latencyMs }) => -latencyMs)
      : least(this.#pool, ({ inFlight }) => -inFlight);
  }

  #drop(dropped: Probe): void {
    this.#pool = this.#pool.filter((probe) => probe !== dropped);
  }

  /** The paper's b_reuse; without bound where the pool could hold every server. */
  #reuses(): number {
    const kept = (1 - POOL_SIZE / this.servers.length) * PROBES_PER_CALL - REMOVED_PER_CALL;
    return kept <= 0 ? Number.POSITIVE_INFINITY : Math.max(1, (1 + REUSE_DELTA) / kept);
  }
}

function least(pool: readonly Probe[], cost: (probe: Probe) => number): Probe {
  let best = candidateAt(pool, 0);
  let lowest = Number.POSITIVE_INFINITY;
  for (const probe of pool) {
    const own = cost(probe);
    if (own < lowest) {
      lowest = own;
      best = probe;
    }
  }
  return best;
}

/** Prequal as published. */
export const prequal: PolicyKind = {
  create: (context) => new Prequal(context, false),
};

/** The same pool, always the fewest requests in flight for the weight: better where demands vary much. */
export const prequalByInFlight: PolicyKind = {
  create: (context) => new Prequal(context, true),
};
