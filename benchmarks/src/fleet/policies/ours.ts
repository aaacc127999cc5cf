import {
  type Balancer,
  type BalancerPolicy,
  createBalancer,
  createReportedWeights,
  type Endpoint,
  type PickResult,
} from '@wrr/core';
import { BREAKER } from './breakers.ts';
import type { Policy, PolicyContext, PolicyKind, Reply, Sent, ServerView } from './policy.ts';

type SimulatedEndpoint = Endpoint & { readonly index: number };
type Picked = Extract<PickResult<SimulatedEndpoint>, { kind: 'picked' }>;

/** What our balancer is given beside the servers. */
export interface OurSettings {
  readonly policy?: Omit<BalancerPolicy, 'circuitBreaker'>;
  /** Breakers in every scenario, not only where all policies have them. */
  readonly hasBreakers?: boolean;
  /** What it does with the servers' reports: nothing, A58's weights, or adaptive dispatch's levels. */
  readonly reports?: 'weights' | 'levels';
}

/** Our balancer, as shipped. */
export function ours(settings: OurSettings): PolicyKind {
  return {
    create: (context) =>
      settings.reports === 'weights'
        ? new ReportedWeightsPolicy(context, settings)
        : new OurPolicy(context, settings),
  };
}

class OurPolicy implements Policy {
  protected readonly balancer: Balancer<SimulatedEndpoint>;
  readonly #hearsReports: boolean;
  #now = 0;

  constructor({ random, hasBreakers }: PolicyContext, settings: OurSettings) {
    this.#hearsReports = settings.reports === 'levels';
    this.balancer = createBalancer<SimulatedEndpoint>({
      ...settings.policy,
      clock: { now: () => this.#now },
      random: random.next,
      circuitBreaker: (hasBreakers || settings.hasBreakers === true) && BREAKER,
    });
  }

  setServers(servers: readonly ServerView[], now: number): void {
    this.#now = now;
    this.balancer.update(servers);
  }

  pick(now: number, tried: ReadonlySet<string> | undefined): Sent | undefined {
    this.#now = now;
    const pick = this.balancer.pick(tried && { tried });
    if (pick.kind === 'none') return undefined;
    pick.attempt.start();
    return {
      server: pick.endpoint.index,
      key: pick.endpoint.key,
      end: (at, outcome, latencyMs, reply) => {
        const report = this.#hearsReports && reply ? { report: reply } : undefined;
        pick.attempt.end(outcome, { latencyMs, ...report });
        if (reply !== undefined) this.replied(pick, at, reply);
      },
    };
  }

  protected replied(_pick: Picked, _now: number, _reply: Reply): void {}
}

/** Resolution of weights that reports change, as in `@wrr/grpc-js`. */
const SCALE = 100;
/** gRPC's default is 10 s; a simulated run is not much longer. */
const BLACKOUT_MS = 1_000;

/**
 * Static dispatch by weights from reports (gRFC A58), put to work as `@wrr/grpc-js` does. The reports
 * say what servers can take, so the static weights that they multiply are all the same.
 */
class ReportedWeightsPolicy extends OurPolicy {
  readonly #weights = createReportedWeights({ blackoutMs: BLACKOUT_MS });
  #servers: readonly ServerView[] = [];

  override setServers(servers: readonly ServerView[], now: number): void {
    this.#servers = servers;
    const keys = servers.map(({ key }) => key);
    const factors = this.#weights.factors(keys, now);
    const weighed = servers.map((server, i) => {
      return { ...server, weight: Math.max(1, Math.round(SCALE * (factors?.[i] ?? 1))) };
    });
    super.setServers(weighed, now);
  }

  protected override replied({ endpoint }: Picked, now: number, reply: Reply): void {
    this.#weights.report(endpoint.key, reply, now);
    if (this.#weights.isDue(now)) this.setServers(this.#servers, now);
  }
}
