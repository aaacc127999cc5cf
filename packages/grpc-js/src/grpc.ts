/**
 * The boundary: the only file that touches `@grpc/grpc-js`'s values, and the only one that casts.
 *
 * Tested with 1.14.0, 1.14.3, 1.14.5 and 1.14.7. The experimental API changes between minor versions
 * (https://github.com/grpc/grpc-node/issues/719), so others are refused at `register()`.
 */
import { createRequire } from 'node:module';
import * as grpcJs from '@grpc/grpc-js';
// Not exported by the package's index, and a pure function: which copy it comes from does not matter.
import serviceConfigModule from '@grpc/grpc-js/build/src/service-config.js';

/** The module object of `@grpc/grpc-js`, whichever copy of it. */
export type Grpc = typeof grpcJs;

export type {
  CallOptions,
  ChannelOptions,
  ClientOptions,
  ClientReadableStream,
  InterceptingListener,
  Interceptor,
  InterceptorOptions,
  Metadata,
  NextCall,
  ServiceConfig,
  StatusObject,
} from '@grpc/grpc-js';
export type ChannelControlHelper = grpcJs.experimental.ChannelControlHelper;
export type GrpcEndpoint = grpcJs.experimental.Endpoint;
export type GrpcUri = grpcJs.experimental.GrpcUri;
/** A call as interceptors see it. The type is not exported. */
export type InterceptingCallInterface = ReturnType<grpcJs.NextCall>;
export type MessageContext = Parameters<InterceptingCallInterface['sendMessageWithContext']>[0];
export type LeafLoadBalancer = grpcJs.experimental.LeafLoadBalancer;
export type LoadBalancer = grpcJs.experimental.LoadBalancer;
export type PickArgs = grpcJs.experimental.PickArgs;
export type Picker = grpcJs.experimental.Picker;
export type PickResult = grpcJs.experimental.PickResult;
export type Resolver = grpcJs.experimental.Resolver;
export type ResolverListener = grpcJs.experimental.ResolverListener;
export type StatusOr<T> = grpcJs.experimental.StatusOr<T>;
export type SubchannelAddress = grpcJs.experimental.SubchannelAddress;
export type SubchannelInterface = grpcJs.experimental.SubchannelInterface;
export type TypedLoadBalancingConfig = grpcJs.experimental.TypedLoadBalancingConfig;
export type ConnectivityState = grpcJs.connectivityState;
export type StatusCode = grpcJs.status;

/** A call as interceptors of servers see it. */
export type ServerInterceptingCallInterface = grpcJs.ServerInterceptingCallInterface;
export type ServerInterceptor = grpcJs.ServerInterceptor;
/** Two types that are not exported. */
export type InterceptingServerListener = Parameters<ServerInterceptingCallInterface['start']>[0];
export type PartialStatusObject = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** The copy of `@grpc/grpc-js` that this package resolves to. */
export const defaultGrpc: Grpc = grpcJs;

/** Numbers and enums that are the same in every copy. */
export const status: typeof grpcJs.status = grpcJs.status;
export const connectivityState: typeof grpcJs.connectivityState = grpcJs.connectivityState;

const SUPPORTED = /^1\.14\./;

/**
 * Says why a copy of grpc-js cannot be used, or `undefined` if it can.
 *
 * A copy carries no version number, so a foreign one is probed for what 1.14 introduced.
 */
export function whyUnsupported(grpc: Grpc): string | undefined {
  const { experimental } = grpc;
  const isNewEnough =
    typeof experimental?.statusOrFromValue === 'function' &&
    typeof experimental.LeafLoadBalancer === 'function' &&
    typeof experimental.SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX === 'string';
  const version = grpc === grpcJs ? versionOf() : undefined;
  if (isNewEnough && (version === undefined || SUPPORTED.test(version))) return undefined;
  return `@grpc/grpc-js ${version ?? '(a copy older than 1.14)'} is not supported: install ~1.14.0`;
}

function versionOf(): string | undefined {
  try {
    const { version } = createRequire(import.meta.url)('@grpc/grpc-js/package.json') as {
      version: string;
    };
    return version;
  } catch {
    return undefined; // bundled: the probe has to do
  }
}

/**
 * Returns an object that lives as long as the channel that `helper` belongs to.
 *
 * A channel that goes idle destroys its policy and later builds a new one, with a new helper. What
 * both have in common is the helper's private `parent`. Where it is missing, the state of breakers
 * and credits ends with the policy, and nothing else happens.
 */
export function channelOf(helper: ChannelControlHelper): object {
  const { parent } = helper as { parent?: unknown };
  return typeof parent === 'object' && parent !== null ? parent : helper;
}

/**
 * Lists the keys of metadata. From its private map where there is one: the public way copies all of it,
 * and this is asked at every call.
 */
export function metadataKeys(metadata: grpcJs.Metadata): Iterable<string> {
  const { internalRepr } = metadata as unknown as { internalRepr?: unknown };
  return internalRepr instanceof Map
    ? (internalRepr as Map<string, unknown>).keys()
    : Object.keys(metadata.getMap());
}

/** Makes empty metadata. */
export function createMetadata(): grpcJs.Metadata {
  return new grpcJs.Metadata();
}

/** An interceptor that makes its own kind of call: grpc-js's type asks for its class, not its interface. */
export function asInterceptor(
  intercept: (
    options: grpcJs.InterceptorOptions,
    nextCall: grpcJs.NextCall,
  ) => InterceptingCallInterface,
): grpcJs.Interceptor {
  return intercept as grpcJs.Interceptor;
}

/** An interceptor of servers that makes its own kind of call: the same difference of types. */
export function asServerInterceptor(
  intercept: (call: ServerInterceptingCallInterface) => ServerInterceptingCallInterface,
): grpcJs.ServerInterceptor {
  return ((_method, call) => intercept(call)) as grpcJs.ServerInterceptor;
}

/** Puts a change of its metadata before a call. */
export function changingMetadata(
  call: InterceptingCallInterface,
  change: (metadata: grpcJs.Metadata) => grpcJs.Metadata,
): InterceptingCallInterface {
  return new grpcJs.InterceptingCall(call, {
    start: (metadata, listener, next) => next(change(metadata), listener),
  });
}

/**
 * Checks a service config in JSON form and returns it as grpc-js wants it.
 *
 * @throws {Error} saying what is wrong.
 */
export function validateServiceConfig(json: unknown): grpcJs.ServiceConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new TypeError(`service config must be an object, got ${JSON.stringify(json)}`);
  }
  return serviceConfigModule.validateServiceConfig(withExactTimeouts(json));
}

/**
 * Rewrites the methods' timeouts from `"0.5s"` to seconds and nanoseconds: grpc-js reads the digits
 * after the point as nanoseconds, so that a call with half a second would fail at once.
 */
function withExactTimeouts(json: object): object {
  const { methodConfig } = json as { methodConfig?: unknown };
  if (!Array.isArray(methodConfig)) return json;
  const exact = methodConfig.map((method: { timeout?: unknown } | null) => {
    const match = /^(\d+)\.(\d{1,9})s$/.exec(String(method?.timeout));
    if (match?.[1] === undefined || match[2] === undefined) return method;
    const timeout = { seconds: Number(match[1]), nanos: Number(match[2].padEnd(9, '0')) };
    return { ...method, timeout };
  });
  return { ...json, methodConfig: exact };
}

/** Policies as `registerLoadBalancerType` takes them. The constructors' types are not exported. */
export type LoadBalancerClass = Parameters<typeof grpcJs.experimental.registerLoadBalancerType>[1];
/** Resolvers as `registerResolver` takes them. */
export type ResolverClass = Parameters<typeof grpcJs.experimental.registerResolver>[1];
