import type { Outcome } from '@wrr/core';
import { Peer, type PeerServer, PlainPeer } from './peer.ts';
import type { PolicyContext, PolicyKind, ServerView } from './policy.ts';

class TwoChoices extends PlainPeer {
  protected choose(candidates: readonly PeerServer[]): PeerServer {
    return this.cheaperOfTwo(candidates, ({ inFlight, weight }) => (inFlight + 1) / weight);
  }
}

/** The less loaded of two at random, by (calls in flight + 1) / weight: Linkerd's and Envoy's least request. */
export const twoChoices: PolicyKind = {
  create: (context) => new TwoChoices(context),
};

interface MeasuredServer extends PeerServer {
  /** Peak-sensitive average latency, in milliseconds, as of `at`. */
  average: number;
  at: number;
}

/** Decay time of the average: the default of Finagle and of tower. */
const DECAY_MS = 10_000;
/** What a server that has not answered yet is taken to need: Linkerd's default. */
const FIRST_GUESS_MS = 30;

/** Finagle's `PeakEwma`, as tower and Linkerd have it. */
class PeakEwma extends Peer<MeasuredServer> {
  readonly #byWeight: boolean;

  constructor(context: PolicyContext, byWeight: boolean) {
    super(context);
    this.#byWeight = byWeight;
  }

  protected join(view: ServerView, now: number): MeasuredServer {
    return { ...view, inFlight: 0, average: FIRST_GUESS_MS, at: now };
  }

  protected choose(candidates: readonly MeasuredServer[], now: number): MeasuredServer {
    return this.cheaperOfTwo(candidates, (server) => {
      const { average, at, inFlight, weight } = server;
      // While nothing comes back, the average falls, so that a slow server is tried again.
      const cost = average * Math.exp(-(now - at) / DECAY_MS) * (inFlight + 1);
      return this.#byWeight ? cost / weight : cost;
    });
  }

  /** Every completion is a sample, failures too: as in Finagle and tower. */
  protected override ended(
    server: MeasuredServer,
    now: number,
    outcome: Outcome,
    latencyMs: number,
  ): void {
    if (outcome === 'ignored') return;
    const keep = Math.exp(-(now - server.at) / DECAY_MS);
    const usual = keep * server.average + (1 - keep) * latencyMs;
    server.average = Math.max(latencyMs, usual);
    server.at = now;
  }
}

/** The cheaper of two at random, by peak-sensitive average latency × (calls in flight + 1): Finagle, Linkerd. */
export const peakEwma: PolicyKind = {
  create: (context) => new PeakEwma(context, false),
};

/** The same by weight: not as published, but better on unequal servers. */
export const weightedPeakEwma: PolicyKind = {
  create: (context) => new PeakEwma(context, true),
};
