import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';
import { circuitBreakerMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { createChannel, grpcJs } from '@wrr/nice-grpc/channel';
import { createClientFactory, Status } from 'nice-grpc';
import { UserService } from './service.js';

/** Makes a client of the users' service, balanced over what the registry knows. */
export function createUserClient(registry) {
  // #region channel
  register(grpcJs); // the policy custom_weighted_round_robin
  registerEndpointSource('registry', ({ path }) => registry.source(path), grpcJs);

  const options = channelOptions({ policy: { startPhase: 'first' } });
  const channel = createChannel('registry:///service/user', undefined, options);
  // #endregion channel

  // #region middlewares
  const factory = createClientFactory()
    .use(
      failoverMiddleware({
        idempotent: (method) => method.path.endsWith('/GetUser'),
        perAttemptTimeoutMs: 200,
        onEvent: ({ action, error }) => console.log(`${action}: ${Status[error.code]}`),
      }),
    )
    .use(circuitBreakerMiddleware());

  const users = factory.create(UserService, channel, { '*': { deadline: 2_000 } });
  // #endregion middlewares
  return { users, channel };
}
