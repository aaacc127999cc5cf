import { credentials } from '@grpc/grpc-js';
import { ATTEMPT_LINK_KEY } from '@wrr/core';
import { channelOptions } from '@wrr/grpc-js';
import { deadlineMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { createChannel } from '@wrr/nice-grpc/channel';
import { echoService } from '@wrr/test-support';
import { ClientError, type ClientMiddleware, createClientFactory, Status } from 'nice-grpc';
import { CALL_TIMEOUT_MS, type Caller, type CallResult, failover } from './caller.ts';
import { watchAttempt } from './sent-attempt.ts';

/** The test service with the kind of its method in the type, which nice-grpc looks at. */
const echo = {
  unary: { ...echoService.unary, requestStream: false, responseStream: false, options: {} },
} as const;

/** A nice-grpc client with the failover middleware. */
export function createNiceGrpcCaller(target: string): Caller {
  const channel = createChannel(target, credentials.createInsecure(), channelOptions());
  const client = createClientFactory()
    .use(countAttempts)
    .use(failoverMiddleware({ idempotent: () => true, ...failover }))
    .use(deadlineMiddleware)
    .create(echo, channel);
  return async (onSent): Promise<CallResult> => {
    let attempts = 0;
    const sent = (): void => {
      attempts++;
      onSent();
    };
    try {
      const { server } = await client.unary({}, { deadline: CALL_TIMEOUT_MS, onSent: sent });
      return { kind: 'ok', server, attempts };
    } catch (error) {
      const code = error instanceof ClientError ? error.code : Status.UNKNOWN;
      return { kind: 'failed', code, details: String(error), attempts };
    }
  };
}

/** Innermost: sees every attempt. */
const countAttempts: ClientMiddleware<{ onSent?: () => void }> = async function* countAttempts(
  call,
  { onSent = () => {}, ...options },
) {
  const ended = watchAttempt(options.metadata?.get(ATTEMPT_LINK_KEY), onSent);
  try {
    return yield* call.next(call.request, options);
  } finally {
    ended();
  }
};
