import { candidateAt, Peer, type PeerServer, PlainPeer } from './peer.ts';
import type { PolicyKind, ServerView } from './policy.ts';

class RoundRobin extends PlainPeer {
  #next = Math.floor(this.context.random.next() * 1_000);

  protected choose(candidates: readonly PeerServer[]): PeerServer {
    return candidateAt(candidates, this.#next++ % candidates.length);
  }
}

/** Round robin from a random start, weights unheeded: what most gRPC clients do. */
export const roundRobin: PolicyKind = {
  create: (context) => new RoundRobin(context),
};

class WeightedRandom extends PlainPeer {
  protected choose(candidates: readonly PeerServer[]): PeerServer {
    let left = this.context.random.next() * candidates.reduce((sum, { weight }) => sum + weight, 0);
    for (const server of candidates) {
      left -= server.weight;
      if (left < 0) return server;
    }
    return candidateAt(candidates, candidates.length - 1);
  }
}

/** One server at random, in proportion to the weights. */
export const weightedRandom: PolicyKind = {
  create: (context) => new WeightedRandom(context),
};

interface DeadlineServer extends PeerServer {
  deadline: number;
}

class EarliestDeadline extends Peer<DeadlineServer> {
  #time = 0;

  protected join(view: ServerView): DeadlineServer {
    const { random } = this.context;
    return { ...view, inFlight: 0, deadline: this.#time + random.next() / view.weight };
  }

  protected choose(candidates: readonly DeadlineServer[]): DeadlineServer {
    let first = candidateAt(candidates, 0);
    for (const server of candidates) if (server.deadline < first.deadline) first = server;
    this.#time = Math.max(this.#time, first.deadline);
    first.deadline = this.#time + 1 / first.weight;
    return first;
  }
}

/** Earliest deadline first with random first deadlines: gRPC's weighted_round_robin (A58), Envoy. */
export const earliestDeadline: PolicyKind = {
  create: (context) => new EarliestDeadline(context),
};
