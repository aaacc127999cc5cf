/**
 * The boundary: the only file that imports `@grpc/grpc-js` (tested with 1.14.7) and
 * `@grpc/proto-loader` (0.8.1).
 */
import { experimental } from '@grpc/grpc-js';
import { fromJSON, type MethodDefinition } from '@grpc/proto-loader';
import type { StreamMethods, UnaryMethods } from './protocol.ts';
import { descriptor } from './protocol-descriptor.ts';

export {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
export type ChannelControlHelper = experimental.ChannelControlHelper;
export type GrpcEndpoint = experimental.Endpoint;
export type LoadBalancer = experimental.LoadBalancer;
export type StatusOr<T> = experimental.StatusOr<T>;
export type Subchannel = experimental.SubchannelInterface;
export type SubchannelAddress = experimental.SubchannelAddress;

/** grpc-js' parts for policies of one's own. */
export const policies: Pick<
  typeof experimental,
  'PickResultType' | 'QueuePicker' | 'registerLoadBalancerType' | 'UnavailablePicker'
> = experimental;

/** All methods of etcd that this package calls. */
type Methods = UnaryMethods & StreamMethods;

/** What grpc-js needs to know of a method. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

const definitions = fromJSON(descriptor, { longs: String, enums: String, defaults: true });

/** Looks a method up, such as `KV/Range`. */
export function methodOf<M extends keyof Methods>(name: M): Method<Methods[M][0], Methods[M][1]> {
  const [service = '', method = ''] = name.split('/');
  const methods = definitions[`etcdserverpb.${service}`] as
    | Record<string, MethodDefinition<object, object>>
    | undefined;
  const definition = methods?.[method];
  if (!definition) throw new Error(`no definition of ${name}`);
  return definition;
}
