import { randomBytes } from 'node:crypto';
import type { Session } from './connection.ts';
import { asEtcdError, EtcdError, isEtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';
import { createBackoff, pause } from './timers.ts';

/** A lease that etcd has granted. */
export interface Lease {
  /** Decimal. */
  readonly id: string;
  /** As granted, which may be more than was asked for: etcd has a minimum. */
  readonly ttlMs: number;
}

/** What a keep-alive tells its owner. */
export interface KeepAliveHandlers {
  onRenewed(): void;
  /** The lease is gone. Comes at most once, and nothing after it. */
  onLost(): void;
  /** Renewal has failed for now; it is being tried again. */
  onFailure(error: EtcdError): void;
}

/** No lease is renewed less eagerly than this, however long it lives. */
const MAX_ANSWER_MS = 3_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
const STABLE_MS = 1_000;

/**
 * Chooses the ID of a lease. Chosen here and not by etcd, a second try after a lost answer does not
 * leave a second lease behind, and a lease can be revoked of which it is not known whether it exists.
 */
export function chooseLeaseId(): string {
  return String(randomBytes(8).readBigUInt64BE() >> 1n || 1n);
}

/** Asks for a lease. */
export async function grantLease(
  client: EtcdInternals,
  id: string,
  ttlSeconds: number,
  signal: AbortSignal,
): Promise<Lease> {
  const request = { TTL: String(Math.ceil(ttlSeconds)), ID: id };
  try {
    const { TTL } = await client.unary('Lease/LeaseGrant', request, { signal });
    return { id, ttlMs: Number(TTL) * 1_000 };
  } catch (error) {
    const known = asEtcdError(error);
    // The first try had succeeded after all; keep-alive will say what was granted.
    if (!known.message.includes('lease already exists')) throw known;
    return { id, ttlMs: ttlSeconds * 1_000 };
  }
}

/** Ends a lease, and with it its keys. Resolves to whether it was there. */
export async function revokeLease(
  client: EtcdInternals,
  id: string,
  timeoutMs: number,
): Promise<boolean> {
  try {
    await client.unary('Lease/LeaseRevoke', { ID: id }, { timeoutMs });
    return true;
  } catch (error) {
    if (isEtcdError(error, 'lease-lost')) return false;
    throw error;
  }
}

/**
 * Keeps a lease alive until closed or told by etcd that it is gone, and never decides so by itself:
 * after an outage shorter or longer than its time to live, etcd alone knows.
 *
 * Renews every third of the time to live. An answer that takes as long again (at most 3 s) makes it
 * move to another member, so that even a hung one costs less than the lease has left.
 */
export function keepAlive(
  client: EtcdInternals,
  lease: Lease,
  handlers: KeepAliveHandlers,
): { close(): void } {
  const { timers } = client;
  const closing = new AbortController();
  const backoff = createBackoff(timers, MIN_BACKOFF_MS, MAX_BACKOFF_MS);

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const started = timers.now();
      try {
        const session = await client.session();
        if (closing.signal.aborted) return;
        if ((await renewOn(client, session, lease, handlers, closing.signal)) === 'lost') {
          return handlers.onLost();
        }
      } catch (error) {
        if (!closing.signal.aborted) handlers.onFailure(asEtcdError(error));
      }
      if (timers.now() - started >= STABLE_MS) backoff.reset();
      await pause(timers, backoff.next(), closing.signal);
    }
  };
  void run();
  return { close: () => closing.abort() };
}

/** Runs one stream to its end: `closed` by the owner or `lost`; rejects when another is needed. */
function renewOn(
  client: EtcdInternals,
  session: Session,
  lease: Lease,
  handlers: KeepAliveHandlers,
  signal: AbortSignal,
): Promise<'closed' | 'lost'> {
  const { timers } = client;
  return new Promise((resolve, reject) => {
    let ended = false;
    let intervalMs = lease.ttlMs / 3;
    let timer = { cancel: (): void => {} };
    let answered = false;

    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      stream.cancel();
      settle();
    };
    const onAbort = (): void => end(() => resolve('closed'));
    const fail = (error: EtcdError): void =>
      end(() => {
        client.blame(session, error);
        reject(error);
      });

    const ask = (): void => {
      answered = false;
      stream.send({ ID: lease.id });
      const patienceMs = Math.min(intervalMs, MAX_ANSWER_MS);
      timer = timers.setTimeout(() => {
        // After a freeze of this process timers come first: let what has arrived be read.
        setImmediate(() => {
          if (ended || answered) return;
          const { address } = session.connection;
          fail(
            new EtcdError(
              'unavailable',
              `etcd at ${address} does not answer the lease's keep-alive`,
            ),
          );
        });
      }, patienceMs);
    };

    const stream = session.connection.stream('Lease/LeaseKeepAlive', session.token, {
      onMessage({ TTL }) {
        const seconds = Number(TTL);
        if (!(seconds > 0)) return end(() => resolve('lost'));
        answered = true;
        timer.cancel();
        intervalMs = (seconds * 1_000) / 3;
        handlers.onRenewed();
        timer = timers.setTimeout(ask, intervalMs);
      },
      onEnd: fail,
    });
    signal.addEventListener('abort', onAbort, { once: true });
    ask();
  });
}
