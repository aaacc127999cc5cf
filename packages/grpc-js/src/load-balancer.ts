import type { BalancerEvent, EndpointStatus } from '@wrr/core';
import { Activity } from './activity.ts';
import { POLICY_NAME, PolicyConfig, type PolicySettings } from './config.ts';
import { publishBalancerEvent } from './diagnostics.ts';
import {
  type ChannelControlHelper,
  type ChannelOptions,
  channelOf,
  connectivityState,
  type Grpc,
  type GrpcEndpoint,
  type LoadBalancer,
  type StatusOr,
  status,
  type TypedLoadBalancingConfig,
} from './grpc.ts';
import type { Leaf } from './leaf.ts';
import { LeafSet } from './leaf-set.ts';
import { NOT_SENT_KEY } from './outcome.ts';
import { WeightedPicker } from './picker.ts';
import { type PolicyState, takeState } from './policy-state.ts';
import { ReportedWeighting } from './reported-weighting.ts';
import { connectionOptions, readEndpoints, readTarget } from './resolver-result.ts';
import { warnOnce } from './warn.ts';

/** Policies alive in this process, for `getBalancers()`. */
export const livePolicies: Set<WeightedLoadBalancer> = new Set();

/**
 * The policy's control plane: translates resolver results and connection states for the balancer.
 *
 * What grpc-js demands of a policy, and where it is kept:
 *
 * - no `updateState` from the constructor, which would destroy the policy still at work;
 * - `updateState` re-runs queued picks before it returns, so it always comes last;
 * - a list is always accepted (`true`), an empty or failed one by failing calls: refusing the first
 *   one would leave calls waiting for their deadlines;
 * - `exitIdle` runs at every call and is O(1): leaves reconnect by themselves.
 */
export class WeightedLoadBalancer implements LoadBalancer {
  readonly #grpc: Grpc;
  readonly #helper: ChannelControlHelper;
  readonly #leaves: LeafSet;
  #state: PolicyState | undefined;
  #settings: PolicySettings | undefined;
  /** Of the settings' JSON, which is parsed anew at every resolver update. */
  #fingerprint: string | undefined;
  #picker: WeightedPicker | undefined;
  #activity: Activity | undefined;
  #reports: ReportedWeighting | undefined;
  #target: string | undefined;
  /** While a list is being applied, leaves that change do not publish a state of their own. */
  #updating = false;

  constructor(grpc: Grpc, helper: ChannelControlHelper) {
    this.#grpc = grpc;
    this.#helper = helper;
    this.#leaves = new LeafSet({ grpc, helper, onChange: (leaf) => this.#leafChanged(leaf) });
  }

  /** What the channel connects to, if its resolver is one of ours. */
  get target(): string | undefined {
    return this.#target;
  }

  get panic(): boolean {
    return this.#state?.balancer.panic ?? false;
  }

  endpoints(): readonly EndpointStatus[] {
    return this.#state?.balancer.endpoints() ?? [];
  }

  updateAddressList(
    list: StatusOr<GrpcEndpoint[]>,
    config: TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    const settings = this.#accept(config);
    if (typeof settings === 'string') this.#fail(settings);
    else if (list.ok) this.#apply(list.value, settings, options, note);
    else if (this.#leaves.size === 0) this.#fail(list.error.details);
    return true;
  }

  exitIdle(): void {
    this.#activity?.touch();
  }

  resetBackoff(): void {}

  destroy(): void {
    livePolicies.delete(this);
    this.#activity?.close();
    this.#reports?.close();
    this.#leaves.destroy();
    const state = this.#state;
    if (state === undefined) return;
    this.#state = undefined;
    state.owner = undefined;
    for (const { key } of state.balancer.endpoints()) state.balancer.setAvailable(key, false);
  }

  getTypeName(): string {
    return POLICY_NAME;
  }

  /** Called by the balancer after its state has changed. */
  onBalancerEvent(event: BalancerEvent): void {
    publishBalancerEvent(this.#target, event);
  }

  /** Returns the settings to use, or why there are none. A bad config does not replace a good one. */
  #accept(config: TypedLoadBalancingConfig): PolicySettings | string {
    if (!(config instanceof PolicyConfig)) return 'the config is of another policy';
    const { parsed, fingerprint } = config;
    if (fingerprint === this.#fingerprint && this.#settings !== undefined) return this.#settings;
    if ('settings' in parsed) {
      this.#fingerprint = fingerprint;
      return parsed.settings;
    }
    if (this.#settings === undefined) return parsed.error;
    warnOnce(`${parsed.error}; the last good config stays in force`);
    return this.#settings;
  }

  #apply(
    list: readonly GrpcEndpoint[],
    settings: PolicySettings,
    options: ChannelOptions,
    note: string,
  ): void {
    const state = this.#stateFor(settings);
    this.#target = readTarget(options);
    this.#updating = true;
    try {
      const resolved = readEndpoints(list, settings.weights, settings.subset);
      const { endpoints, added } = this.#leaves.update(resolved, {
        channelOptions: connectionOptions(this.#grpc, options),
        healthService: settings.healthCheck?.serviceName,
        note,
      });
      state.balancer.update(this.#reports?.weigh(endpoints, performance.now()) ?? endpoints);
      for (const leaf of added) leaf.connect();
    } finally {
      this.#updating = false;
    }
    this.#publish();
  }

  #stateFor(settings: PolicySettings): PolicyState {
    let state = this.#state;
    if (state === undefined) {
      state = takeState(channelOf(this.#helper), settings);
      state.owner = this;
      this.#state = state;
      livePolicies.add(this);
    }
    if (settings !== this.#settings) {
      state.balancer.configure(settings.balancer);
      this.#settings = settings;
      this.#watchActivity(settings);
      this.#reports?.close();
      this.#reports = this.#reportsFor(settings, state);
      this.#picker = this.#pickerFor(settings, state);
    }
    return state;
  }

  #pickerFor({ failureCodes, balancer: { dispatch } }: PolicySettings, { balancer }: PolicyState) {
    const isAdaptive = dispatch !== undefined && dispatch !== 'static';
    return new WeightedPicker(this.#grpc, balancer, failureCodes, this.#reports, isAdaptive);
  }

  #reportsFor({ reportedWeights }: PolicySettings, { balancer }: PolicyState) {
    if (reportedWeights === undefined) return undefined;
    return new ReportedWeighting(reportedWeights, (endpoints) => balancer.update(endpoints));
  }

  /**
   * An open health check keeps the process alive, as every stream does. So it is only open while the
   * channel is in use, or while a server is not well.
   */
  #watchActivity({ healthCheck }: PolicySettings): void {
    this.#activity?.close();
    this.#activity = undefined;
    this.#leaves.resumeHealthChecks();
    if (healthCheck === undefined) return;
    this.#activity = new Activity(
      healthCheck.idleMs,
      () => this.#leaves.pauseHealthChecks(),
      () => this.#leaves.resumeHealthChecks(),
    );
  }

  #leafChanged(leaf: Leaf): void {
    this.#state?.balancer.setAvailable(leaf.key, leaf.subchannel !== null);
    if (!this.#updating) this.#publish();
    if (leaf.state !== connectivityState.READY) this.#reports?.forget(leaf.key);
    if (leaf.state !== connectivityState.IDLE) return;
    // The connection was lost or closed: the list may be out of date, and nobody else reconnects.
    this.#helper.requestReresolution();
    leaf.reconnect();
  }

  /** Tells the channel its state. Comes last in everything: it runs the picks that were waiting. */
  #publish(): void {
    const { state } = this.#leaves;
    if (state === connectivityState.READY && this.#picker !== undefined) {
      this.#helper.updateState(state, this.#picker, null);
    } else if (state === connectivityState.CONNECTING) {
      this.#helper.updateState(state, new this.#grpc.experimental.QueuePicker(this), null);
    } else {
      this.#fail(`no endpoint can be reached: ${this.#leaves.lastError}`);
    }
  }

  #fail(reason: string): void {
    const details = reason.startsWith(POLICY_NAME) ? reason : `${POLICY_NAME}: ${reason}`;
    const metadata = new this.#grpc.Metadata();
    metadata.set(NOT_SENT_KEY, 'no-endpoint');
    const { UnavailablePicker } = this.#grpc.experimental;
    const picker = new UnavailablePicker({ code: status.UNAVAILABLE, details, metadata });
    this.#helper.updateState(connectivityState.TRANSIENT_FAILURE, picker, details);
  }
}
