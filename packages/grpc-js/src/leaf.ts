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
  type SubchannelInterface,
} from './grpc.ts';

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
  #destroyed = false;

  constructor(options: LeafOptions) {
    const { grpc, helper, key, endpoint, channelOptions, note, onChange } = options;
    this.key = key;
    this.#grpc = grpc;
    this.#onChange = onChange;
    const { createChildChannelControlHelper, LeafLoadBalancer: Child } = grpc.experimental;
    const childHelper = createChildChannelControlHelper(helper, {
      updateState: (state, picker, error) => this.#update(state, picker, error),
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

  /** Takes over new channel options: connects anew. */
  replaceOptions(endpoint: GrpcEndpoint, channelOptions: ChannelOptions): void {
    this.#child.updateEndpoint(endpoint, channelOptions);
  }

  /** Lets go of the connection. Calls in flight go on; grpc-js closes it when they have ended. */
  destroy(): void {
    this.#destroyed = true;
    this.#child.destroy();
  }

  #update(state: ConnectivityState, picker: Picker, error: string | null): void {
    if (this.#destroyed) return;
    const before = this.state;
    this.state = state;
    this.subchannel = state === connectivityState.READY ? this.#connectionOf(picker) : null;
    if (error !== null) this.lastError = error;
    this.#onChange(this, before);
  }

  /** Pick_first's picker gives the same connection at each pick, so it is asked only once. */
  #connectionOf(picker: Picker): SubchannelInterface | null {
    return picker.pick({ metadata: new this.#grpc.Metadata(), extraPickInfo: {} }).subchannel;
  }
}
