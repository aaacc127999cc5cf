import type { Subset } from '@wrr/core';
import type { ChannelOptions, Grpc, GrpcEndpoint } from './grpc.ts';
import type { ResolvedEndpoint } from './leaf-set.ts';
import { TARGET_ATTRIBUTE } from './resolver.ts';
import { fromGrpcEndpoint } from './weighted-endpoint.ts';

/**
 * Reads a resolver's list. Of repeated endpoints, which `dns:` may deliver, the first one counts. With a
 * subset, the rest is left out before anything is connected.
 */
export function readEndpoints(
  list: readonly GrpcEndpoint[],
  weights: ReadonlyMap<string, number> | undefined,
  subset?: Subset,
): ResolvedEndpoint[] {
  const byKey = new Map<string, ResolvedEndpoint>();
  for (const grpcEndpoint of list) {
    const endpoint = fromGrpcEndpoint(grpcEndpoint, weights);
    if (!byKey.has(endpoint.key)) byKey.set(endpoint.key, { grpcEndpoint, endpoint });
  }
  const all = [...byKey.values()];
  if (subset === undefined) return all;
  const chosen = new Set(subset(all.map(({ endpoint }) => endpoint)));
  return all.filter(({ endpoint }) => chosen.has(endpoint));
}

/** Reads the channel's target, which our resolvers send along. */
export function readTarget(options: ChannelOptions): string | undefined {
  const target: unknown = options[TARGET_ATTRIBUTE];
  return typeof target === 'string' ? target : undefined;
}

/**
 * Returns the options for connections: without what belongs to the resolver's result. They are part of
 * a connection's identity, and grpc-js's own config selector is a new object at every update.
 */
export function connectionOptions(grpc: Grpc, options: ChannelOptions): ChannelOptions {
  const { CHANNEL_ARGS_CONFIG_SELECTOR_KEY, SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX } =
    grpc.experimental;
  return Object.fromEntries(
    Object.entries(options).filter(
      ([key]) =>
        key !== CHANNEL_ARGS_CONFIG_SELECTOR_KEY &&
        !key.startsWith(SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX),
    ),
  );
}
