import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** What a test server does with the calls it gets. A request may override its server's behaviour. */
export interface GrpcBehaviour {
  /** Waits this long before it answers. Default 0. */
  readonly delayMs?: number;
  /** Keeps the CPU busy for this long before it answers: a server that is slow for real. Default 0. */
  readonly burnMs?: number;
  /** Never answers. */
  readonly hang?: boolean;
  /** Ends the call with this status code. */
  readonly failWith?: number;
  /** Details of that status. Default `told to fail`. */
  readonly details?: string;
  /** Fails only this share of the calls, 0..1. Default 1. */
  readonly failRatio?: number;
  /** Fails only this many calls, then answers. Default: all. */
  readonly failTimes?: number;
  /** Sends initial metadata before it does anything else, which commits the call. */
  readonly headersFirst?: boolean;
  /** Trailers to send. Keys that end in `-bin` hold base64. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** Number of messages a streaming answer has. Default 3. */
  readonly messages?: number;
  /** Sends this many messages of a streaming answer before it fails. Default 0. */
  readonly failAfter?: number;
}

/** A request to the test service. */
export interface EchoRequest {
  readonly payload?: string;
  readonly behaviour?: GrpcBehaviour;
}

/** What the test service answers. */
export interface EchoReply {
  /** Name of the server that answered. */
  readonly server: string;
  readonly payload: string;
  /** The metadata that arrived on the wire. */
  readonly metadata: Readonly<Record<string, readonly string[]>>;
  /** Position in a streaming answer, from 0. */
  readonly index: number;
}

/** What a server counted since it started, or since `resetCounters`. */
export interface GrpcCounters {
  /** Calls that arrived. */
  readonly calls: number;
  /** Calls in progress. */
  readonly active: number;
  readonly ok: number;
  readonly failed: number;
  /** Calls that the client gave up: cancelled, or past their deadline. */
  readonly cancelled: number;
  /** TCP connections accepted. */
  readonly connections: number;
  /** Calls that arrived as a retry: with `grpc-previous-rpc-attempts`. */
  readonly retries: number;
  /** `Health/Watch` streams open now. */
  readonly watches: number;
}

function serialize(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function jsonMethod(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<EchoRequest, EchoReply> {
  return {
    path: `/wrr.test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: (bytes): EchoRequest => JSON.parse(bytes.toString()),
    responseSerialize: serialize,
    responseDeserialize: (bytes): EchoReply => JSON.parse(bytes.toString()),
  };
}

interface EchoService extends ServiceDefinition {
  readonly unary: MethodDefinition<EchoRequest, EchoReply>;
  readonly clientStream: MethodDefinition<EchoRequest, EchoReply>;
  readonly serverStream: MethodDefinition<EchoRequest, EchoReply>;
  readonly bidi: MethodDefinition<EchoRequest, EchoReply>;
}

/** The test service: one method of each kind, JSON on the wire, no .proto file needed. */
export const echoService: EchoService = {
  unary: jsonMethod('Unary', false, false),
  clientStream: jsonMethod('ClientStream', true, false),
  serverStream: jsonMethod('ServerStream', false, true),
  bidi: jsonMethod('Bidi', true, true),
};

/** States of `grpc.health.v1`, by number. */
export type HealthState = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

const healthStates: readonly HealthState[] = [
  'UNKNOWN',
  'SERVING',
  'NOT_SERVING',
  'SERVICE_UNKNOWN',
];

function healthMethod(
  name: string,
  responseStream: boolean,
): MethodDefinition<Buffer, HealthState> {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    // HealthCheckResponse { ServingStatus status = 1; }
    responseSerialize: (state) => Buffer.from([0x08, healthStates.indexOf(state)]),
    responseDeserialize: (bytes) => healthStates[bytes[1] ?? 0] ?? 'UNKNOWN',
  };
}

interface HealthService extends ServiceDefinition {
  readonly check: MethodDefinition<Buffer, HealthState>;
  readonly watch: MethodDefinition<Buffer, HealthState>;
}

/** `grpc.health.v1.Health`, encoded by hand: requests as bytes, answers as the state's name. */
export const healthService: HealthService = {
  check: healthMethod('Check', false),
  watch: healthMethod('Watch', true),
};

/** What the parent tells a server process. */
export type ServerCommand =
  | { readonly kind: 'behave'; readonly behaviour: GrpcBehaviour }
  | { readonly kind: 'health'; readonly state: HealthState }
  | { readonly kind: 'counters'; readonly reset: boolean }
  | { readonly kind: 'shutdown'; readonly force: boolean };

/** What a server process is started with. */
export interface ServerSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly behaviour: GrpcBehaviour;
  /** State that `grpc.health.v1` reports; without one the service is not there (UNIMPLEMENTED). */
  readonly health?: HealthState;
  /** PEM texts. With `ca`, clients must show a certificate signed by it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Options of the grpc-js server. */
  readonly options?: Readonly<Record<string, string | number>>;
}
