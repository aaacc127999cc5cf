import type { EndpointSource } from '@wrr/core';
import { blame, callUnary } from './call-unary.ts';
import { checkClientOptions, type EtcdClientOptions } from './client-options.ts';
import type { Session } from './connection.ts';
import { createConnector } from './connector.ts';
import { EtcdError } from './errors.ts';
import { createLogin } from './login.ts';
import { openConnection } from './open-connection.ts';
import type { UnaryMethods } from './protocol.ts';
import { systemTimers, type Timers } from './timers.ts';

/**
 * A client of one etcd cluster: give it to `registerEndpoint`, `createEtcdEndpointSource` and
 * `watchKey`, which share its one connection. It connects when first used.
 */
export interface EtcdClient {
  /** The hosts, as `host:port`. */
  readonly hosts: readonly string[];
  /** What all keys of this client begin with; invisible everywhere else. */
  readonly namespace: string;
  /** Reads a key. `undefined` when it does not exist. */
  get(key: string): Promise<{ readonly value: string; readonly revision: number } | undefined>;
  /** Writes a key without a lease: it stays until it is deleted. Returns the revision. */
  put(key: string, value: string): Promise<number>;
  /** Deletes a key; resolves to whether it was there. */
  delete(key: string): Promise<boolean>;
  /**
   * Closes the registrations of this client (each within 2 s), its sources and its connection. Safe to
   * call twice.
   */
  close(): Promise<void>;
}

/** What the rest of this package sees of a client. */
export interface EtcdInternals {
  readonly timers: Timers;
  readonly requestTimeoutMs: number;
  readonly namespace: string;
  readonly closed: boolean;
  /** Services that are followed, by their options: one watch for all who ask for the same. */
  readonly feeds: Map<string, EndpointSource>;
  /** A connection and the token to use on it. Rejects as the connector does. */
  session(): Promise<Session>;
  /** Makes a call, on another member if need be, within its bound altogether. */
  unary<M extends keyof UnaryMethods>(
    method: M,
    request: UnaryMethods[M][0],
    options?: UnaryOptions,
  ): Promise<UnaryMethods[M][1]>;
  /** Says what a session's stream died of, so that a dead member or an old token is not used again. */
  blame(session: Session, error: EtcdError): void;
  /** Has `close` called when the client closes; the returned function takes that back. */
  own(close: () => Promise<void>): () => void;
}

/** How long a call may take. */
interface UnaryOptions {
  /** Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** No further try after it aborts. */
  readonly signal?: AbortSignal;
}

const internals = new WeakMap<EtcdClient, EtcdInternals>();

/** Opens a client up to the rest of this package. */
export function internalsOf(client: EtcdClient): EtcdInternals {
  const found = internals.get(client);
  if (!found) throw new TypeError('client must come from createEtcdClient()');
  if (found.closed) throw new EtcdError('closed', 'the etcd client has been closed');
  return found;
}

/**
 * Creates a client. Opens no connection before it is used.
 *
 * @throws {TypeError | RangeError} naming the option and the value; never a password.
 */
export function createEtcdClient(
  options: EtcdClientOptions = {},
  timers: Timers = systemTimers,
): EtcdClient {
  const { members, auth, namespace, requestTimeoutMs } = checkClientOptions(options);
  const connector = createConnector({ members, open: openConnection, timers });
  const login = createLogin(auth, timers);
  const dependents = new Set<() => Promise<void>>();
  let closing: Promise<void> | undefined;

  const session = async (): Promise<Session> => {
    const connection = await connector.connection();
    return { connection, token: await login.token(connection) };
  };

  const part: EtcdInternals = {
    timers,
    requestTimeoutMs,
    namespace,
    feeds: new Map(),
    get closed() {
      return closing !== undefined;
    },
    session,
    unary: (method, request, { timeoutMs = requestTimeoutMs, signal } = {}) =>
      callUnary({ connector, login, session, timers, method, request, timeoutMs, signal }),
    blame: (session_, error) => blame(connector, login, session_, error),
    own(close) {
      dependents.add(close);
      return () => void dependents.delete(close);
    },
  };

  const client: EtcdClient = {
    hosts: members.map(({ address }) => address),
    namespace,
    async get(key) {
      const { kvs } = await part.unary('KV/Range', { key: Buffer.from(namespace + key) });
      const kv = kvs[0];
      return kv && { value: kv.value.toString(), revision: Number(kv.modRevision) };
    },
    async put(key, value) {
      const request = { key: Buffer.from(namespace + key), value: Buffer.from(value) };
      return Number((await part.unary('KV/Put', request)).header?.revision ?? 0);
    },
    async delete(key) {
      const request = { key: Buffer.from(namespace + key) };
      return (await part.unary('KV/DeleteRange', request)).deleted !== '0';
    },
    close() {
      closing ??= (async () => {
        await Promise.all([...dependents].map((close) => close()));
        connector.close();
      })();
      return closing;
    },
  };
  internals.set(client, part);
  return client;
}
