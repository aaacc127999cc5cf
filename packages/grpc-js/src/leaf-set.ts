import type { Endpoint } from '@wrr/core';
import {
  type ChannelControlHelper,
  type ChannelOptions,
  type ConnectivityState,
  connectivityState,
  type Grpc,
  type GrpcEndpoint,
} from './grpc.ts';
import { Leaf, type LeafEndpoint } from './leaf.ts';

/** One endpoint as the resolver gave it and as the balancer wants it. */
export interface ResolvedEndpoint {
  readonly grpcEndpoint: GrpcEndpoint;
  readonly endpoint: Endpoint;
}

/** What comes with a list of endpoints. */
export interface ListOptions {
  readonly channelOptions: ChannelOptions;
  /** Service whose health is watched; undefined for no health check. */
  readonly healthService: string | undefined;
  /** Where the list comes from, for error messages. */
  readonly note: string;
}

/** What a set of leaves works with. */
export interface LeafSetOptions {
  readonly grpc: Grpc;
  readonly helper: ChannelControlHelper;
  /** Called when a leaf's state has changed, and the set's counts with it. */
  readonly onChange: (leaf: Leaf) => void;
}

/**
 * The connections of a channel, one for each endpoint, and the channel's state that follows from
 * them. Only endpoints with a weight above 0 count: a drained one is kept connected, so that it can
 * come back at once, but it must not make the channel look ready.
 */
export class LeafSet {
  readonly #options: LeafSetOptions;
  readonly #leaves = new Map<string, Leaf>();
  readonly #counting = new Set<Leaf>();
  #channelOptions: ChannelOptions = {};
  #healthService: string | undefined;
  #ready = 0;
  #connecting = 0;

  constructor(options: LeafSetOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#leaves.size;
  }

  /** READY if any is ready, else CONNECTING if any may still become so, else TRANSIENT_FAILURE. */
  get state(): ConnectivityState {
    if (this.#ready > 0) return connectivityState.READY;
    return this.#connecting > 0
      ? connectivityState.CONNECTING
      : connectivityState.TRANSIENT_FAILURE;
  }

  /** Why nothing is connected. */
  get lastError(): string {
    for (const leaf of this.#leaves.values())
      if (leaf.lastError !== undefined) return leaf.lastError;
    return this.#leaves.size === 0 ? 'there are no endpoints' : 'all endpoints are drained';
  }

  /**
   * Brings the set in line with a list. Leaves that stay keep their connections; new ones are not
   * connected yet. Returns the list for the balancer, and the leaves to connect.
   */
  update(
    resolved: readonly ResolvedEndpoint[],
    { channelOptions, healthService, note }: ListOptions,
  ): { readonly endpoints: LeafEndpoint[]; readonly added: readonly Leaf[] } {
    const changed =
      this.#leaves.size > 0 &&
      (healthService !== this.#healthService || !sameOptions(channelOptions, this.#channelOptions));
    this.#channelOptions = channelOptions;
    this.#healthService = healthService;
    const before = new Map(this.#leaves);
    this.#leaves.clear();
    this.#counting.clear();
    const added: Leaf[] = [];
    const replaced: [Leaf, GrpcEndpoint][] = [];
    const endpoints = resolved.map(({ grpcEndpoint, endpoint }) => {
      const { key, weight } = endpoint;
      let leaf = before.get(key);
      before.delete(key);
      if (leaf === undefined) {
        leaf = this.#create(key, grpcEndpoint, note);
        added.push(leaf);
      } else if (changed) replaced.push([leaf, grpcEndpoint]);
      this.#leaves.set(key, leaf);
      if (weight > 0) this.#counting.add(leaf);
      return { ...endpoint, leaf };
    });
    this.#recount();
    for (const leaf of before.values()) leaf.destroy();
    for (const [leaf, grpcEndpoint] of replaced) {
      leaf.replaceOptions(grpcEndpoint, channelOptions, healthService);
    }
    return { endpoints, added };
  }

  /** Stops the health checks of servers that are well, while there are no calls. */
  pauseHealthChecks(): void {
    for (const leaf of this.#leaves.values()) leaf.pauseHealthCheck();
  }

  resumeHealthChecks(): void {
    for (const leaf of this.#leaves.values()) leaf.resumeHealthCheck();
  }

  /** Lets go of all connections. */
  destroy(): void {
    for (const leaf of this.#leaves.values()) leaf.destroy();
    this.#leaves.clear();
    this.#counting.clear();
    this.#recount();
  }

  #create(key: string, endpoint: GrpcEndpoint, note: string): Leaf {
    return new Leaf({
      grpc: this.#options.grpc,
      helper: this.#options.helper,
      key,
      endpoint,
      channelOptions: this.#channelOptions,
      healthService: this.#healthService,
      note,
      onChange: (leaf, before) => {
        if (this.#counting.has(leaf)) {
          this.#count(before, -1);
          this.#count(leaf.state, 1);
        }
        this.#options.onChange(leaf);
      },
    });
  }

  #recount(): void {
    this.#ready = 0;
    this.#connecting = 0;
    for (const leaf of this.#counting) this.#count(leaf.state, 1);
  }

  #count(state: ConnectivityState, by: number): void {
    if (state === connectivityState.READY) this.#ready += by;
    else if (state !== connectivityState.TRANSIENT_FAILURE) this.#connecting += by;
  }
}

function sameOptions(a: ChannelOptions, b: ChannelOptions): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
