import type { Connection } from './connection.ts';
import { EtcdError } from './errors.ts';
import { createBackoff, pause, type Timers } from './timers.ts';

/**
 * Gives everyone in one client the same connection, and moves on to the next member when it fails.
 *
 * However many wait, there is one attempt at a time, so that a thousand processes whose etcd comes
 * back do not become a thousand times their streams.
 */
export interface Connector {
  /**
   * Resolves with a connection that is alive. After a loss every member is tried once without delay;
   * from then on each call makes one attempt, after a pause that all callers share.
   *
   * Rejects when the attempt has failed: the caller reports it and calls again.
   */
  connection(): Promise<Connection>;
  /** Drops a connection that does not answer, and prefers another member for the next. */
  discard(connection: Connection, error: EtcdError): void;
  /** Ends everything with reason `closed`. Safe to call twice. */
  close(): void;
}

/** Options of {@link createConnector}. */
export interface ConnectorOptions<M> {
  readonly members: readonly M[];
  readonly open: (member: M, timeoutMs: number, signal: AbortSignal) => Promise<Connection>;
  readonly timers: Timers;
}

/**
 * Average pause at the cap is 1.9 s: about one attempt in two seconds a process, and a member that is
 * back is noticed within 2.5 s.
 */
const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2_500;

/**
 * Long enough for a handshake across a continent; short enough that a hung member and its successor
 * fit into the time to live of a lease. Grows when nothing answers, for slower networks.
 */
const MIN_CONNECT_MS = 1_000;
const MAX_CONNECT_MS = 5_000;

/** A connection that dies younger than this counts as a failed attempt. */
const STABLE_MS = 1_000;

/** Creates a connector; it connects when first asked. Starts with a member at random. */
export function createConnector<M>(options: ConnectorOptions<M>): Connector {
  const { members, open, timers } = options;
  const closing = new AbortController();
  const backoff = createBackoff(timers, MIN_PAUSE_MS, MAX_PAUSE_MS);
  let index = Math.floor(timers.random() * members.length);
  let failures = 0;
  let current: { readonly connection: Connection; readonly since: number } | undefined;
  let attempt: Promise<Connection> | undefined;

  const tryNext = async (): Promise<Connection> => {
    if (failures >= members.length) await pause(timers, backoff.next(), closing.signal);
    if (closing.signal.aborted) throw closedError();
    const member = members[index % members.length];
    if (member === undefined) throw new EtcdError('other', 'no hosts');
    const rounds = Math.floor(failures / members.length);
    try {
      const timeoutMs = Math.min(MAX_CONNECT_MS, MIN_CONNECT_MS * 2 ** rounds);
      const connection = await open(member, timeoutMs, closing.signal);
      if (closing.signal.aborted) {
        connection.drop(closedError());
        throw closedError();
      }
      current = { connection, since: timers.now() };
      return connection;
    } catch (error) {
      failed();
      // The first round is one attempt: one dead member of three is no reason to report a failure.
      if (failures < members.length && !closing.signal.aborted) return tryNext();
      throw error;
    }
  };

  const failed = (): void => {
    index++;
    failures++;
  };

  /** Forgets the connection. One that was good for a while clears the record of failures. */
  const lose = (moveOn: boolean): void => {
    if (!current) return;
    const stable = timers.now() - current.since >= STABLE_MS;
    current = undefined;
    if (stable) {
      failures = 0;
      backoff.reset();
    }
    if (moveOn) index++;
    if (!stable) failures++;
  };

  return {
    connection() {
      if (closing.signal.aborted) return Promise.reject(closedError());
      if (current?.connection.alive) return Promise.resolve(current.connection);
      if (current) {
        current.connection.drop(new EtcdError('unavailable', 'connection lost'));
        lose(true);
      }
      attempt ??= tryNext().finally(() => {
        attempt = undefined;
      });
      return attempt;
    },
    discard(connection, error) {
      if (current?.connection === connection) lose(true);
      connection.drop(error);
    },
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      current?.connection.drop(closedError());
      current = undefined;
    },
  };
}

function closedError(): EtcdError {
  return new EtcdError('closed', 'the etcd client has been closed');
}
