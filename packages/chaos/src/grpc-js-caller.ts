import { Client, credentials, InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import { ATTEMPT_LINK_KEY } from '@wrr/core';
import { channelOptions, failoverInterceptor } from '@wrr/grpc-js';
import { callUnary } from '@wrr/test-support';
import { CALL_TIMEOUT_MS, type Caller, type CallResult, failover } from './caller.ts';
import { watchAttempt } from './sent-attempt.ts';

/** A plain grpc-js client with the failover interceptor. */
export function createGrpcJsCaller(target: string): Caller {
  const interceptor = failoverInterceptor({ idempotent: true, ...failover });
  const client = new Client(target, credentials.createInsecure(), channelOptions());
  return async (onSent): Promise<CallResult> => {
    let attempts = 0;
    const sent = (): void => {
      attempts++;
      onSent();
    };
    const count: Interceptor = (callOptions, nextCall) =>
      new InterceptingCall(nextCall(callOptions), {
        start(metadata, _listener, next) {
          const ended = watchAttempt(metadata.get(ATTEMPT_LINK_KEY)[0]?.toString(), sent);
          next(metadata, {
            onReceiveStatus(result, nextStatus) {
              ended();
              nextStatus(result);
            },
          });
        },
      });
    const options = { deadline: Date.now() + CALL_TIMEOUT_MS, interceptors: [interceptor, count] };
    try {
      const { server } = await callUnary(client, {}, options);
      return { kind: 'ok', server, attempts };
    } catch (error) {
      const { code = status.UNKNOWN, details = String(error) } = error as Partial<{
        code: number;
        details: string;
      }>;
      return { kind: 'failed', code, details, attempts };
    }
  };
}
