import { checkWeight, type EndpointSnapshot, type EndpointSource } from '@wrr/core';
import { POLICY_NAME } from './config.ts';
import {
  type ChannelOptions,
  type Grpc,
  type GrpcEndpoint,
  type GrpcUri,
  type Resolver,
  type ResolverListener,
  type ServiceConfig,
  type StatusOr,
  status,
  validateServiceConfig,
} from './grpc.ts';
import { warnOnce } from './warn.ts';
import { toGrpcEndpoint, type WeightedEndpoint } from './weighted-endpoint.ts';

/**
 * Attribute that tells the policy the channel's target. The prefix keeps it out of the connections'
 * identity.
 */
export const TARGET_ATTRIBUTE = 'grpc.internal.no_subchannel.wrr_target';

/** What a resolver works with. */
export interface SourceResolverOptions {
  readonly grpc: Grpc;
  readonly source: EndpointSource;
  readonly target: GrpcUri;
  readonly listener: ResolverListener;
  readonly channelOptions: ChannelOptions;
}

/**
 * Brings an endpoint source's snapshots to a channel.
 *
 * The source pushes, so there is nothing to do when grpc-js asks again: it reconnects to its registry
 * by itself. A channel that goes idle destroys its resolver and later uses the same object again.
 */
export class SourceResolver implements Resolver {
  readonly #grpc: Grpc;
  readonly #source: EndpointSource;
  readonly #target: string;
  readonly #listener: ResolverListener;
  readonly #hasOwnConfig: boolean;
  #unsubscribe: (() => void) | undefined;
  #pending: EndpointSnapshot | undefined;
  #serviceConfig: ServiceConfig | null = null;
  #rawConfig: unknown;

  constructor({ grpc, source, target, listener, channelOptions }: SourceResolverOptions) {
    this.#grpc = grpc;
    this.#source = source;
    this.#target = grpc.experimental.uriToString(target);
    this.#listener = listener;
    this.#hasOwnConfig = channelOptions['grpc.service_config'] !== undefined;
    this.#useConfig(undefined);
  }

  updateResolution(): void {
    this.#unsubscribe ??= this.#source.subscribe((snapshot) => this.#receive(snapshot));
  }

  destroy(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#pending = undefined;
  }

  /** Never calls the channel at once: a source may push from inside `updateResolution`. */
  #receive(snapshot: EndpointSnapshot): void {
    const scheduled = this.#pending !== undefined;
    this.#pending = snapshot;
    if (!scheduled) queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const snapshot = this.#pending;
    this.#pending = undefined;
    if (snapshot === undefined || this.#unsubscribe === undefined) return;
    const { statusOrFromError, statusOrFromValue } = this.#grpc.experimental;
    this.#useConfig(snapshot.serviceConfig);
    const config = this.#serviceConfig === null ? null : statusOrFromValue(this.#serviceConfig);
    const attributes = { [TARGET_ATTRIBUTE]: this.#target };
    const list: StatusOr<GrpcEndpoint[]> =
      snapshot.endpoints.length === 0 && snapshot.error !== undefined
        ? statusOrFromError({
            code: status.UNAVAILABLE,
            details: `${this.#target}: ${snapshot.error.message}`,
          })
        : statusOrFromValue(this.#translate(snapshot));
    this.#listener(list, attributes, config, `from ${this.#target}`);
  }

  /** Leaves out what cannot be used: one bad entry must not harm the others. */
  #translate(snapshot: EndpointSnapshot): WeightedEndpoint[] {
    return snapshot.endpoints.flatMap((endpoint) => {
      try {
        checkWeight(endpoint.key, endpoint.weight);
        return [toGrpcEndpoint(endpoint)];
      } catch (error) {
        warnOnce(`${this.#target}: endpoint skipped: ${messageOf(error)}`);
        return [];
      }
    });
  }

  /**
   * Takes over a service config. One that names no policy gets the channel's or ours: grpc-js would
   * take pick_first, and send everything to one endpoint. A bad one leaves the last good one in force.
   */
  #useConfig(raw: unknown): void {
    if (raw === this.#rawConfig && raw !== undefined) return;
    this.#rawConfig = raw;
    const byDefault = { loadBalancingConfig: [{ [POLICY_NAME]: {} }] };
    try {
      if (raw !== undefined) this.#serviceConfig = withPolicy(validateServiceConfig(raw));
      else this.#serviceConfig = this.#hasOwnConfig ? null : validateServiceConfig(byDefault);
    } catch (error) {
      warnOnce(
        `${this.#target}: service config rejected, the last good one stays: ${messageOf(error)}`,
      );
    }
  }
}

function withPolicy(config: ServiceConfig): ServiceConfig {
  if (config.loadBalancingConfig.length > 0) return config;
  return { ...config, loadBalancingConfig: [{ [POLICY_NAME]: {} }] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
