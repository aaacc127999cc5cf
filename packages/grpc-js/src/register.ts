import type { EndpointSource } from '@wrr/core';
import { authorityOf } from './authority.ts';
import { POLICY_NAME, PolicyConfig } from './config.ts';
import {
  type ChannelControlHelper,
  type ChannelOptions,
  defaultGrpc,
  type Grpc,
  type GrpcUri,
  type LoadBalancerClass,
  type ResolverClass,
  type ResolverListener,
  whyUnsupported,
} from './grpc.ts';
import { WeightedLoadBalancer } from './load-balancer.ts';
import { SourceResolver } from './resolver.ts';
import { createStaticSource } from './static-source.ts';

/** A channel's target, taken apart: `etcd://authority/service/user`. */
export interface Target {
  readonly scheme: string;
  /** What stands between `//` and the next `/`; often empty. */
  readonly authority: string;
  readonly path: string;
}

/**
 * Registers the policy `custom_weighted_round_robin` and the scheme `wrr` with grpc-js. Safe to call
 * twice.
 *
 * @param grpc The module object of the grpc-js that makes the channels. Default: the one that this
 * package resolves to. Policies are registered by copy: with two copies installed, a channel of the
 * other one would silently use pick_first.
 * @throws {Error} if that copy is not of a supported version.
 */
export function register(grpc: Grpc = defaultGrpc): void {
  const problem = whyUnsupported(grpc);
  if (problem !== undefined) throw new Error(`@wrr/grpc-js: ${problem}`);
  if (isRegistered(grpc)) return;
  grpc.experimental.registerLoadBalancerType(POLICY_NAME, policyFor(grpc), PolicyConfig);
  registerEndpointSource('wrr', ({ path }) => createStaticSource(path), grpc);
}

/**
 * Throws unless {@link register} was called for this copy of grpc-js: for a check at start-up, because
 * grpc-js itself says nothing when a policy is missing and uses pick_first.
 *
 * @throws {Error} saying what to do.
 */
export function assertRegistered(grpc: Grpc = defaultGrpc): void {
  if (isRegistered(grpc)) return;
  throw new Error(
    `policy ${POLICY_NAME} is not registered with this copy of @grpc/grpc-js: call register(grpc) ` +
      'from @wrr/grpc-js with the module object that makes the channels',
  );
}

function isRegistered(grpc: Grpc): boolean {
  return grpc.experimental.isLoadBalancerNameRegistered(POLICY_NAME);
}

/**
 * Makes channels with targets `scheme:///…` take their endpoints from a source.
 *
 * @param createSource Called once for each channel. What it throws, the channel's constructor throws.
 * @param grpc See {@link register}.
 * @throws {TypeError} if `scheme` is no URI scheme.
 */
export function registerEndpointSource(
  scheme: string,
  createSource: (target: Target) => EndpointSource,
  grpc: Grpc = defaultGrpc,
): void {
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw new TypeError(`scheme must be a lower-case URI scheme, got ${JSON.stringify(scheme)}`);
  }
  grpc.experimental.registerResolver(scheme, resolverFor(grpc, createSource));
}

function policyFor(grpc: Grpc): LoadBalancerClass {
  return class extends WeightedLoadBalancer {
    constructor(helper: ChannelControlHelper) {
      super(grpc, helper);
    }
  };
}

function resolverFor(grpc: Grpc, createSource: (target: Target) => EndpointSource): ResolverClass {
  return class extends SourceResolver {
    constructor(target: GrpcUri, listener: ResolverListener, channelOptions: ChannelOptions) {
      const { scheme = '', authority = '', path } = target;
      const source = createSource({ scheme, authority, path });
      super({ grpc, source, target, listener, channelOptions });
    }

    static getDefaultAuthority({ path }: GrpcUri): string {
      return authorityOf(path);
    }
  };
}
