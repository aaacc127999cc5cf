import type { CallOptions, Client, Metadata } from '@grpc/grpc-js';
import { type EchoReply, type EchoRequest, echoService } from './grpc-protocol.ts';

/** Options of {@link callUnary}: what grpc-js takes for a call, and its metadata. */
export interface CallUnaryOptions extends CallOptions {
  readonly metadata?: Metadata;
}

/** Makes one unary call of the test service. Rejects with grpc-js's `ServiceError`. */
export function callUnary(
  client: Client,
  request: EchoRequest = {},
  options: CallUnaryOptions = {},
): Promise<EchoReply> {
  const { path, requestSerialize, responseDeserialize } = echoService.unary;
  const { metadata, ...rest } = options;
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, reply?: EchoReply): void => {
      if (error === null && reply !== undefined) resolve(reply);
      else reject(error ?? new Error('neither an error nor a reply'));
    };
    if (metadata === undefined) {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, rest, done);
    } else {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        rest,
        done,
      );
    }
  });
}

/** Names of the servers that answered `count` calls, made one after the other. */
export async function answeredBy(client: Client, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.push((await callUnary(client)).server);
  return names;
}
