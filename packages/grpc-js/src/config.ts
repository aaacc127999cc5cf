import {
  type BalancerPolicy,
  checkWeight,
  createBalancer,
  createReportedWeights,
  FAILURE_STATUS_CODES,
  type ReportedWeightsOptions,
  type Subset,
  type WarmUpOptions,
} from '@wrr/core';
import { type AdaptiveJson, readDispatch, readSubset, type SubsetJson } from './dispatch-config.ts';
import type { TypedLoadBalancingConfig } from './grpc.ts';
import { duration, number, object, oneOf, orFalse, record, text } from './json-reader.ts';
import { type FailureCodes, parseStatusCodes } from './outcome.ts';

/** Name of the load-balancing policy, the same as in the Go system. */
export const POLICY_NAME = 'custom_weighted_round_robin';

/**
 * What can stand in the policy's entry of a service config: the balancer's options, as JSON.
 *
 * Core's names, except that a duration `xMs` is written `x`, with its unit: `"window": "10s"`.
 */
export interface PolicyJson {
  /** Circuit breaker of each endpoint; `false` for none. */
  readonly circuitBreaker?: CircuitBreakerJson | false;
  /** Warm-up of endpoints that join later or recover; `false` for none, the default. */
  readonly warmUp?: WarmUpJson | false;
  /** Share of the endpoints, 0..1, that breakers must leave in rotation. Default 0.5. */
  readonly minAvailable?: number;
  /** What to do when breakers leave fewer: ignore them, or fail at once. Default `panic`. */
  readonly onAllOpen?: 'panic' | 'fail-fast';
  /**
   * Weights by address (`host:port`): for resolvers that know none, such as `dns:` and `ipv4:`. Wins
   * over a weight from an endpoint source. Whoever is not named keeps theirs, or 1.
   */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * Where the sequence starts: at a `random` phase of its cycle, so that many clients do not start on
   * the same endpoint (default), or at nginx's `first` pick. Read once, when the channel first resolves.
   */
  readonly startPhase?: 'random' | 'first';
  /**
   * Client-side health checking (gRFC A17), off by default: an endpoint gets calls only while its
   * server says SERVING in `grpc.health.v1.Health/Watch`. A server without that service counts as
   * serving.
   */
  readonly healthCheck?: HealthCheckJson | false;
  /**
   * Weights from what servers report of their load in the trailers of calls (ORCA), by the formula of
   * gRFC A58; a static weight is multiplied. `false` for none, the default.
   */
  readonly reportedWeights?: ReportedWeightsJson | false;
  /** Names of the status codes that count against an endpoint. See `outcome.ts` for the default. */
  readonly failureCodes?: readonly string[];
  /**
   * How endpoints are chosen: by weights alone (`static`, the default), or also by load, latency and
   * failures (`adaptive`, or its options). See core's `adaptiveDispatch`. Experimental.
   */
  readonly dispatch?: 'static' | 'adaptive' | AdaptiveJson;
  /** The part of the endpoints that this client calls and connects to. Default: all of them. */
  readonly subset?: SubsetJson;
}

/** Options of an endpoint's circuit breaker, as JSON. See core's `CircuitBreakerOptions`. */
export interface CircuitBreakerJson {
  readonly consecutiveFailures?: number | false;
  readonly failureRate?: number | false;
  readonly slowCallRate?: number | false;
  readonly slowCall?: string;
  readonly minimumCalls?: number;
  readonly window?: string;
  readonly open?: string;
  readonly maxOpen?: string;
  readonly jitter?: number;
  readonly probes?: number;
  readonly probeConcurrency?: number;
  readonly probeLease?: string;
}

/** Options of the warm-up, as JSON. See core's `WarmUpOptions`. */
export interface WarmUpJson {
  readonly window: string;
  readonly minimum?: number;
  readonly afterUnavailable?: string;
}

/** Options of the health check, as JSON. */
export interface HealthCheckJson {
  /** Service whose health is asked for. Default: empty, the server as a whole. */
  readonly serviceName?: string;
  /**
   * The watch of a server that is serving is closed when the channel has had no calls for about this
   * long, and opened with the next call: an open one would keep the process alive. Default `"10s"`.
   */
  readonly idle?: string;
}

/** Options of weights from reports of load, as JSON. See core's `ReportedWeightsOptions`. */
export interface ReportedWeightsJson {
  readonly blackout?: string;
  readonly expiry?: string;
  readonly update?: string;
  readonly errorPenalty?: number;
}

/** The policy's settings, checked and in core's units. */
export interface PolicySettings {
  readonly balancer: BalancerPolicy;
  readonly weights: ReadonlyMap<string, number> | undefined;
  readonly startPhase: 'random' | 'first';
  readonly failureCodes: FailureCodes;
  readonly healthCheck: { readonly serviceName: string; readonly idleMs: number } | undefined;
  readonly reportedWeights: ReportedWeightsOptions | undefined;
  readonly subset: Subset | undefined;
}

const MAX_TIMER_MS = 86_400_000;

const readPolicy = object({
  circuitBreaker: orFalse(
    object({
      consecutiveFailures: orFalse(number),
      failureRate: orFalse(number),
      slowCallRate: orFalse(number),
      slowCallMs: duration,
      minimumCalls: number,
      windowMs: duration,
      openMs: duration,
      maxOpenMs: duration,
      jitter: number,
      probes: number,
      probeConcurrency: number,
      probeLeaseMs: duration,
    }),
  ),
  warmUp: orFalse(readWarmUp),
  minAvailable: number,
  onAllOpen: oneOf('panic', 'fail-fast'),
  weights: readWeights,
  startPhase: oneOf('random', 'first'),
  failureCodes: parseStatusCodes,
  healthCheck: orFalse(object({ serviceName: text, idleMs: duration })),
  reportedWeights: orFalse(
    object({ blackoutMs: duration, expiryMs: duration, updateMs: duration, errorPenalty: number }),
  ),
  dispatch: readDispatch,
  subset: readSubset,
});

function readWarmUp(value: unknown, path: string): WarmUpOptions {
  const { windowMs, ...rest } = readWarmUpFields(value, path);
  if (windowMs === undefined) throw new TypeError(`${path}.window is missing`);
  return { windowMs, ...rest };
}

const readWarmUpFields = object({
  windowMs: duration,
  minimum: number,
  afterUnavailableMs: duration,
});

function readWeights(value: unknown, path: string): ReadonlyMap<string, number> {
  return new Map(
    record(value, path).map(([address, weight]) => {
      checkWeight(`${path}[${JSON.stringify(address)}]`, weight);
      return [address, number(weight, path)];
    }),
  );
}

/**
 * Checks the policy's JSON and turns it into core's units.
 *
 * @throws {TypeError | RangeError} naming the option, the value and what was expected.
 */
export function parsePolicy(json: unknown): PolicySettings {
  const read = readPolicy(json, '');
  const { weights, startPhase = 'random', failureCodes = FAILURE_STATUS_CODES, ...others } = read;
  const { healthCheck = false, reportedWeights = false, subset, ...balancer } = others;
  createBalancer({ ...balancer, clock: performance }); // core knows the bounds, and throws
  if (reportedWeights !== false) createReportedWeights(reportedWeights);
  return {
    balancer,
    weights,
    startPhase,
    failureCodes,
    healthCheck: checkedHealth(healthCheck),
    reportedWeights: reportedWeights === false ? undefined : reportedWeights,
    subset,
  };
}

function checkedHealth(
  read: { readonly serviceName?: string; readonly idleMs?: number } | false,
): PolicySettings['healthCheck'] {
  if (read === false) return undefined;
  const { serviceName = '', idleMs = 10_000 } = read;
  if (idleMs > 0 && idleMs <= MAX_TIMER_MS) return { serviceName, idleMs };
  throw new RangeError(`healthCheck.idle must be > 0 and at most a day, got ${idleMs} ms`);
}

/**
 * The policy's config as grpc-js carries it: either settings or what is wrong with them.
 *
 * Never throws: grpc-js logs what a config throws at DEBUG level and quietly takes pick_first. The
 * policy gets the error instead, and fails every call with it.
 */
export class PolicyConfig implements TypedLoadBalancingConfig {
  readonly parsed: { readonly settings: PolicySettings } | { readonly error: string };
  /** The same for equal JSON. */
  readonly fingerprint: string;
  readonly #json: unknown;

  constructor(json: unknown = {}) {
    this.#json = json;
    this.fingerprint = JSON.stringify(json) ?? '';
    try {
      this.parsed = { settings: parsePolicy(json ?? {}) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.parsed = { error: `${POLICY_NAME}: ${message}` };
    }
  }

  static createFromJson(json: unknown): PolicyConfig {
    return new PolicyConfig(json);
  }

  getLoadBalancerName(): string {
    return POLICY_NAME;
  }

  toJsonObject(): object {
    return { [POLICY_NAME]: this.#json };
  }
}
