/**
 * The boundary, and the entry point `@wrr/nice-grpc/channel`: the only file that touches nice-grpc's
 * and grpc-js's values. The middlewares need neither, and run in browsers.
 *
 * Tested with nice-grpc 2.1.18 on @grpc/grpc-js 1.14.7.
 */
import { createRequire } from 'node:module';
import * as ownGrpcJs from '@grpc/grpc-js';
import {
  type Channel,
  type ChannelCredentials,
  type ChannelOptions,
  createChannel as createNiceChannel,
  Channel as NiceChannel,
} from 'nice-grpc';

const POLICY = 'custom_weighted_round_robin';

/**
 * The copy of `@grpc/grpc-js` that nice-grpc makes its channels with. When the application has another
 * one installed, hand this one to `register()` and `registerEndpointSource()` of `@wrr/grpc-js`.
 */
export const grpcJs: typeof ownGrpcJs =
  ownGrpcJs.Channel === NiceChannel ? ownGrpcJs : copyOfNiceGrpc();

function copyOfNiceGrpc(): typeof ownGrpcJs {
  const resolve = createRequire(import.meta.url);
  return createRequire(resolve.resolve('nice-grpc'))('@grpc/grpc-js') as typeof ownGrpcJs;
}

/**
 * Creates a channel as nice-grpc's own `createChannel` does, for the load-balancing policy of
 * `@wrr/grpc-js`. What `options` say wins; the rest is what goes well with the middlewares:
 *
 * - the policy, with its defaults; to set its options, pass what `channelOptions()` of `@wrr/grpc-js`
 *   returns, without a `retryPolicy` when `failoverMiddleware` is used;
 * - grpc-js's own repetition of what was provably not processed stays on;
 * - no proxy from the environment, no service config from DNS, and reconnecting within 1.5 s.
 *
 * @throws {Error} if the policy is not registered with nice-grpc's copy of grpc-js: it would silently
 * use pick_first.
 */
export function createChannel(
  target: string,
  credentials?: ChannelCredentials,
  options: ChannelOptions = {},
): Channel {
  const complete: ChannelOptions = {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [POLICY]: {} }] }),
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.initial_reconnect_backoff_ms': 250,
    'grpc.max_reconnect_backoff_ms': 1_500,
    ...options,
  };
  const isWanted = complete['grpc.service_config']?.includes(POLICY) === true;
  if (isWanted && !grpcJs.experimental.isLoadBalancerNameRegistered(POLICY)) {
    throw new Error(
      `policy ${POLICY} is not registered with the copy of @grpc/grpc-js that nice-grpc uses: call ` +
        'register(grpcJs) of @wrr/grpc-js with grpcJs from @wrr/nice-grpc/channel',
    );
  }
  return createNiceChannel(target, credentials, complete);
}
