import type { EtcdError } from './errors.ts';
import type { StreamMethods, UnaryMethods } from './protocol.ts';

/** Where a member is and how to talk to it. */
export interface Member {
  /** `host:port`. */
  readonly address: string;
  readonly tls: TlsOptions | undefined;
}

/** Certificates in PEM. */
export interface TlsOptions {
  /** Authorities that may have signed the server's certificate. Default: the system's. */
  readonly ca?: string | Buffer;
  /** This client's certificate chain, for mTLS. */
  readonly cert?: string | Buffer;
  /** The private key of `cert`. */
  readonly key?: string | Buffer;
  /** Name to expect in the server's certificate, when it is not the host. */
  readonly serverName?: string;
}

/** A stream in both directions. */
export interface EtcdStream<Request> {
  send(request: Request): void;
  /** Ends the stream. `onEnd` is not called any more. */
  cancel(): void;
}

/** What a stream reports. `onEnd` comes once, and nothing after it. */
interface StreamHandlers<Response> {
  onMessage(message: Response): void;
  onEnd(error: EtcdError): void;
}

/** An open connection to one member. */
export interface Connection {
  readonly address: string;
  /** Whether calls can be expected to go through. */
  readonly alive: boolean;
  /** Answers and messages received so far: tells a silent connection from one late answer. */
  readonly answers: number;
  unary<M extends keyof UnaryMethods>(
    method: M,
    request: UnaryMethods[M][0],
    options: { readonly timeoutMs: number; readonly token: string | undefined },
  ): Promise<UnaryMethods[M][1]>;
  stream<M extends keyof StreamMethods>(
    method: M,
    token: string | undefined,
    handlers: StreamHandlers<StreamMethods[M][1]>,
  ): EtcdStream<StreamMethods[M][0]>;
  /** Closes the connection; whatever is under way fails with `error`. Safe to call twice. */
  drop(error: EtcdError): void;
}

/** A connection and the token to use on it. */
export interface Session {
  readonly connection: Connection;
  readonly token: string | undefined;
}
