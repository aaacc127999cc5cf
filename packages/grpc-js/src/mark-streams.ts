import { ATTEMPT_LINK_KEY, findAttemptLink } from '@wrr/core';
import {
  asInterceptor,
  changingMetadata,
  type InterceptingCallInterface,
  type Interceptor,
  type Metadata,
} from './grpc.ts';
import { STREAM_ID } from './tried.ts';

/**
 * Tells the policy which calls are streams: a picker sees no method, and a stream's duration says
 * nothing about its endpoint. Innermost, so that a failover's attempts have their links already. Other
 * calls pass untouched.
 */
export const markStreams: Interceptor = asInterceptor((options, nextCall) => {
  const call: InterceptingCallInterface = nextCall(options);
  const { requestStream, responseStream } = options.method_definition;
  return requestStream || responseStream ? changingMetadata(call, mark) : call;
});

function mark(metadata: Metadata): Metadata {
  const [id] = metadata.get(ATTEMPT_LINK_KEY);
  const link = id === undefined ? undefined : findAttemptLink(String(id));
  if (link !== undefined) {
    link.streams = true;
    return metadata;
  }
  const own = metadata.clone();
  own.set(ATTEMPT_LINK_KEY, STREAM_ID);
  return own;
}
