import type { CallOptions, ClientMiddleware, MethodDescriptor } from 'nice-grpc-common';

/** What a fake call is made with. */
export interface FakeCallOptions {
  readonly path?: string;
  readonly idempotencyLevel?: 'IDEMPOTENT' | 'NO_SIDE_EFFECTS';
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

/** The single response, or nothing at the end of a stream. */
// biome-ignore lint/suspicious/noConfusingVoidType: that is how nice-grpc types it.
export type FinalResponse = string | void;

/** Plays the transport: gets the request and the options of each attempt. */
export type FakeTransport = (
  request: unknown,
  options: CallOptions,
  attempt: number,
) => AsyncGenerator<string, FinalResponse, undefined>;

/** Makes a transport for calls with one response out of a function that returns it. */
export function responding(
  respond: (request: unknown, options: CallOptions, attempt: number) => string | Promise<string>,
): FakeTransport {
  return async function* (request, options, attempt) {
    yield* [];
    return await respond(request, options, attempt);
  };
}

/** Makes a transport on which every call fails so. */
export function failingWith(error: unknown): FakeTransport {
  return responding(() => {
    throw error;
  });
}

/** A transport on which a call ends only when it is aborted. */
export const hanging: FakeTransport = responding(
  (_request, { signal }) =>
    new Promise((_resolve, reject) => {
      if (signal?.aborted === true) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
    }),
);

/** Runs a call through a middleware as nice-grpc would, with a transport that is played. */
export function fakeCall<Ext>(
  middleware: ClientMiddleware<Ext>,
  transport: FakeTransport,
  options: CallOptions & Partial<Ext> = {},
  kind: FakeCallOptions & { readonly request?: unknown } = {},
): AsyncGenerator<string, FinalResponse, undefined> {
  const { path = '/test.Service/Method', requestStream = false, responseStream = false } = kind;
  const { idempotencyLevel } = kind;
  const method: MethodDescriptor = {
    path,
    requestStream,
    responseStream,
    options: idempotencyLevel === undefined ? {} : { idempotencyLevel },
  };
  let attempt = 0;
  const call = {
    method,
    requestStream,
    responseStream,
    request: kind.request ?? 'request',
    next: (request: unknown, nextOptions: CallOptions) =>
      transport(request, nextOptions, ++attempt),
  };
  return middleware<unknown, string>(call as never, options as never);
}

/** Drives a call of one response to its end. */
export async function unary<Ext>(...args: Parameters<typeof fakeCall<Ext>>): Promise<unknown> {
  const { done, value } = await fakeCall(...args).next();
  if (done !== true) throw new Error(`yielded ${value}`);
  return value;
}
