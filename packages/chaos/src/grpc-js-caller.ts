import { Client, credentials, InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import { channelOptions, failoverInterceptor } from '@wrr/grpc-js';
import { callUnary } from '@wrr/test-support';
import { CALL_TIMEOUT_MS, type Caller, type CallResult, failover } from './caller.ts';

/** A plain grpc-js client with the failover interceptor. */
export function createGrpcJsCaller(target: string): Caller {
  const interceptor = failoverInterceptor({ idempotent: true, ...failover });
  const client = new Client(target, credentials.createInsecure(), channelOptions());
  return async (onAttempt): Promise<CallResult> => {
    let attempts = 0;
    const count: Interceptor = (options, nextCall) => {
      attempts++;
      onAttempt();
      return new InterceptingCall(nextCall(options));
    };
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
