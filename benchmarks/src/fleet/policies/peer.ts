import type { Outcome } from '@wrr/core';
import { Breakers } from './breakers.ts';
import type { Policy, PolicyContext, Reply, Sent, ServerView } from './policy.ts';

/** What a peer keeps of one server. */
export interface PeerServer extends ServerView {
  /** This client's calls in flight. */
  inFlight: number;
}

/** What the policies that are not ours have in common: calls in flight, breakers, tried servers. */
export abstract class Peer<S extends PeerServer = PeerServer> implements Policy {
  protected readonly context: PolicyContext;
  protected servers: readonly S[] = [];
  readonly #breakers: Breakers | undefined;

  constructor(context: PolicyContext) {
    this.context = context;
    this.#breakers = context.hasBreakers ? new Breakers() : undefined;
  }

  /** Chooses among `candidates`, at least one. */
  protected abstract choose(candidates: readonly S[], now: number): S;
  /** Makes what it keeps of a server that joins. */
  protected abstract join(view: ServerView, now: number): S;
  protected ended(
    _server: S,
    _now: number,
    _outcome: Outcome,
    _latencyMs: number,
    _reply: Reply | undefined,
  ): void {}

  /** In an order of the client's own, as resolvers and balancers shuffle. */
  setServers(views: readonly ServerView[], now: number): void {
    const old = new Map(this.servers.map((server) => [server.key, server]));
    const all = views.map((view) => old.get(view.key) ?? this.join(view, now));
    const joined = all.filter((server) => !old.has(server.key));
    const stayed = this.servers.filter((server) => all.includes(server));
    const order = new Map(joined.map((server) => [server, this.context.random.next()]));
    joined.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    this.servers = [...stayed, ...joined];
  }

  pick(now: number, tried: ReadonlySet<string> | undefined): Sent | undefined {
    const candidates = this.#candidates(now, tried);
    if (candidates.length === 0) return undefined;
    const server = this.choose(candidates, now);
    server.inFlight++;
    const token = this.#breakers?.acquire(server.key, now) ?? 0;
    return {
      server: server.index,
      key: server.key,
      end: (at, outcome, latencyMs, reply) => {
        server.inFlight--;
        this.#breakers?.settle(server.key, token, at, outcome);
        this.ended(server, at, outcome, latencyMs, reply);
      },
    };
  }

  /** Not tried, and not ejected: when all others are ejected, as if there were no breakers. */
  #candidates(now: number, tried: ReadonlySet<string> | undefined): readonly S[] {
    const untried = tried ? this.servers.filter(({ key }) => !tried.has(key)) : this.servers;
    const breakers = this.#breakers;
    if (breakers === undefined || breakers.areClosed) return untried;
    const closed = untried.filter(({ key }) => !breakers.excludes(key, now));
    return closed.length === 0 ? untried : closed;
  }

  /** One of `candidates`, each as likely. */
  protected any(candidates: readonly S[]): S {
    return candidateAt(candidates, Math.floor(this.context.random.next() * candidates.length));
  }

  /** The cheaper of two different ones at random. */
  protected cheaperOfTwo(candidates: readonly S[], cost: (server: S) => number): S {
    const { random } = this.context;
    const first = Math.floor(random.next() * candidates.length);
    if (candidates.length === 1) return candidateAt(candidates, 0);
    const second = Math.floor(random.next() * (candidates.length - 1));
    const a = candidateAt(candidates, first);
    const b = candidateAt(candidates, second < first ? second : second + 1);
    return cost(a) <= cost(b) ? a : b;
  }

  /** The cheapest; of several, any. */
  protected cheapest(candidates: readonly S[], cost: (server: S) => number): S {
    let best = candidateAt(candidates, 0);
    let lowest = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (const server of candidates) {
      const own = cost(server);
      if (own > lowest) continue;
      ties = own === lowest ? ties + 1 : 1;
      lowest = own;
      if (ties === 1 || this.context.random.next() * ties < 1) best = server;
    }
    return best;
  }
}

/** A peer that keeps nothing of a server but the calls in flight. */
export abstract class PlainPeer extends Peer {
  protected join(view: ServerView): PeerServer {
    return { ...view, inFlight: 0 };
  }
}

/** The candidate at a place that there is. */
export function candidateAt<S>(candidates: readonly S[], place: number): S {
  const candidate = candidates[place];
  if (candidate === undefined) throw new RangeError(`no candidate ${place}`);
  return candidate;
}
