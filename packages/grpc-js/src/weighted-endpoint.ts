import type { Endpoint } from '@wrr/core';
import type { GrpcEndpoint, SubchannelAddress } from './grpc.ts';

/**
 * An endpoint on its way from resolver to policy.
 *
 * grpc-js hands endpoint objects on by reference, so further fields arrive; grpc-js-xds carries its
 * weights the same way. Attributes are no alternative: unless specially prefixed, they become part of
 * a connection's identity, and every change of a weight would reconnect.
 */
export interface WeightedEndpoint extends GrpcEndpoint {
  readonly wrr: Endpoint;
}

function isWeighted(endpoint: GrpcEndpoint): endpoint is WeightedEndpoint {
  return 'wrr' in endpoint;
}

/**
 * Turns an endpoint of a source into grpc-js's form.
 *
 * @throws {TypeError} if its key is not an address.
 */
export function toGrpcEndpoint(endpoint: Endpoint): WeightedEndpoint {
  return { addresses: [parseAddress(endpoint.key)], wrr: endpoint };
}

/**
 * Reads an endpoint that arrived at the policy. One that comes from another resolver (`dns:`, `ipv4:`)
 * has its addresses as key and, unless `weights` names one of them, the weight 1.
 */
export function fromGrpcEndpoint(
  endpoint: GrpcEndpoint,
  weights: ReadonlyMap<string, number> | undefined,
): Endpoint {
  const names = endpoint.addresses.map(formatAddress);
  const own = isWeighted(endpoint) ? endpoint.wrr : { key: names.toSorted().join(','), weight: 1 };
  if (weights === undefined) return own;
  const name = [own.key, ...names].find((candidate) => weights.has(candidate));
  const weight = name === undefined ? undefined : weights.get(name);
  return weight === undefined || weight === own.weight ? own : { ...own, weight };
}

function formatAddress(address: SubchannelAddress): string {
  if (!('port' in address)) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses `host:port`, `[ipv6]:port` or `unix:path`. The host may be a DNS name. */
function parseAddress(text: string): SubchannelAddress {
  if (text.startsWith('unix:') && text.length > 5) return { path: text.slice(5) };
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:/=\s[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port };
  throw new TypeError(`endpoint must be "host:port", got ${JSON.stringify(text)}`);
}
