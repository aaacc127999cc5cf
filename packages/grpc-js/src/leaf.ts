import type { Endpoint } from '@wrr/core';
import {
  type ChannelControlHelper,
  type ChannelOptions,
  type ConnectivityState,
  connectivityState,
  type Grpc,
  type GrpcEndpoint,
  type LeafLoadBalancer,
  type Picker,
  type SubchannelAddress,
  type SubchannelInterface,
} from './grpc.ts';
import { type HealthCheckedSubchannel, withHealthCheck } from './health-checked-subchannel.ts';

/** An endpoint of the balancer, together with the connection that leads to it. */
export interface LeafEndpoint extends Endpoint {
  readonly leaf: Leaf;
}

/** What a leaf is made of. */
export interface LeafOptions {
  readonly grpc: Grpc;
  readonly helper: ChannelControlHelper;
  readonly key: string;
  readonly endpoint: GrpcEndpoint;
  readonly channelOptions: ChannelOptions;
  readonly note: string;
  /** Service whose health is watched; undefined for no health check. */
  readonly healthService: string | undefined;
  /** Called after the state has changed. */
  readonly onChange: (leaf: Leaf, before: ConnectivityState) => void;
}

/**
 * The connection to one endpoint: grpc-js's pick_first over its addresses. It tries again by itself
 * when connecting fails; after an established connection was lost it waits to be told.
 */
export class Leaf {
  readonly key: string;
  state: ConnectivityState = connectivityState.IDLE;
  /** Why it is not connected, if it has tried. */
  lastError: string | undefined;
  /** The connection, while calls can be sent. Null also while its server says it is not serving. */
  subchannel: SubchannelInterface | null = null;
  readonly #grpc: Grpc;
  readonly #onChange: (leaf: Leaf, before: ConnectivityState) => void;
  readonly #child: LeafLoadBalancer;
  readonly #checked = new Set<HealthCheckedSubchannel>();
  #healthService: string | undefined;
  /** What pick_first has reported last. */
  #reported: [state: ConnectivityState, picker: Picker, error: string | null] | undefined;
  #destroyed = false;

  constructor(options: LeafOptions) {
    const { grpc, helper, key, endpoint, channelOptions, note, onChange, healthService } = options;
    this.key = key;
    this.#grpc = grpc;
    this.#onChange = onChange;
    this.#healthService = healthService;
    const { createChildChannelControlHelper, LeafLoadBalancer: Child } = grpc.experimental;
    const childHelper = createChildChannelControlHelper(helper, {
      createSubchannel: (address, args) => this.#checkedSubchannel(helper, address, args),
      updateState: (state, picker, error) => {
        this.#reported = [state, picker, error];
        this.#update(state, picker, error);
      },
    });
    this.#child = new Child(endpoint, childHelper, channelOptions, note);
  }

  /** Starts to connect. May report READY before it returns, when another channel has a connection. */
  connect(): void {
    this.#child.startConnecting();
  }

  /** Connects again after an established connection was lost. */
  reconnect(): void {
    if (!this.#destroyed && this.state === connectivityState.IDLE) this.#child.exitIdle();
  }

  /** Takes over new options. Connects anew only if those of the channel have changed. */
  replaceOptions(
    endpoint: GrpcEndpoint,
    channelOptions: ChannelOptions,
    healthService: string | undefined,
  ): void {
    this.#healthService = healthService;
    this.#child.updateEndpoint(endpoint, channelOptions);
  }

  /** Stops the health check of a server that is well, while there are no calls. */
  pauseHealthCheck(): void {
    for (const checked of this.#checked) checked.pause();
  }

  resumeHealthCheck(): void {
    for (const checked of this.#checked) checked.resume();
  }

  /** Lets go of the connection. Calls in flight go on; grpc-js closes it when they have ended. */
  destroy(): void {
    this.#destroyed = true;
    this.#child.destroy();
  }

  #checkedSubchannel(
    helper: ChannelControlHelper,
    address: SubchannelAddress,
    args: ChannelOptions,
  ): SubchannelInterface {
    const plain = helper.createSubchannel(address, args);
    if (this.#healthService === undefined) return plain;
    const checked = withHealthCheck(this.#grpc, plain, {
      service: this.#healthService,
      // Pick_first does not say that an unhealthy connection has stayed unhealthy, but not unknown.
      onHealth: () => this.#reported && this.#update(...this.#reported),
      onDestroy: () => this.#checked.delete(checked),
    });
    this.#checked.add(checked);
    return checked;
  }

  #update(reported: ConnectivityState, picker: Picker, error: string | null): void {
    if (this.#destroyed) return;
    const before = this.state;
    // Connected, and the server has not said yet how it is: not a failure, only not ready yet.
    const isWaiting = Array.from(this.#checked).some((checked) => checked.isWaiting);
    const { CONNECTING, TRANSIENT_FAILURE } = connectivityState;
    this.state = isWaiting && reported === TRANSIENT_FAILURE ? CONNECTING : reported;
    this.subchannel = reported === connectivityState.READY ? this.#connectionOf(picker) : null;
    if (error !== null) this.lastError = error;
    this.#onChange(this, before);
  }

  /** Pick_first's picker gives the same connection at each pick, so it is asked only once. */
  #connectionOf(picker: Picker): SubchannelInterface | null {
    const { subchannel } = picker.pick({ metadata: new this.#grpc.Metadata(), extraPickInfo: {} });
    for (const checked of this.#checked) if (checked === subchannel) return checked.unwrapped;
    return subchannel;
  }
}
