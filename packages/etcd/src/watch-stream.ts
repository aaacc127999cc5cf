import type { EtcdStream, Session } from './connection.ts';
import { EtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';
import type { WatchRequest, WatchResponse } from './protocol.ts';
import { reasonFromText } from './status.ts';
import type { Change, WatchState } from './watch-state.ts';

/** Which keys to watch. */
export interface Range {
  readonly key: Buffer;
  /** Absent: just this one key. */
  readonly rangeEnd?: Buffer;
}

/** What a watch tells its owner. */
export interface WatchHandlers {
  /**
   * The view has changed, or is known for the first time (then possibly without changes). `from` says
   * whether the changes were told one by one or found by comparing with a list.
   */
  onChange(changes: readonly Change[], from: 'list' | 'events'): void;
  /** Contact is lost, or could not be made; it is being tried again. May come repeatedly. */
  onFailure(error: EtcdError): void;
  /** Contact is made: the view is current. */
  onContact(): void;
}

/** The store is compared with the view this often, whatever the stream has said. */
const AUDIT_MS = 300_000;
/** And once after each new stream, at random within this time, so that a crowd spreads. */
const AUDIT_AFTER_RECONNECT_MS = 5_000;

/** What one stream works with. */
interface Following {
  /** Silence for two such periods is the end. */
  readonly probeMs: number;
  /** Told that what was asked for has begun to come. */
  readonly onSign: () => void;
  readonly client: EtcdInternals;
  readonly session: Session;
  readonly range: Range;
  readonly state: WatchState;
  readonly handlers: WatchHandlers;
  readonly signal: AbortSignal;
  readonly list: () => Promise<boolean>;
  /** Whether the stream goes on from an earlier one, so that a check is due soon. */
  readonly resumed: boolean;
}

/**
 * Runs one stream to its end. Resolves when the owner closed the watch or a list is needed; rejects
 * with the reason otherwise.
 */
export function followStream(following: Following): Promise<void> {
  const { client, session, range, state, handlers, signal, list, resumed } = following;
  const { probeMs, onSign } = following;
  const { timers } = client;

  return new Promise((resolve, reject) => {
    let ended = false;
    let created = false;
    let silent = false;
    let timer = { cancel: (): void => {} };
    let audit = { cancel: (): void => {} };

    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      timer.cancel();
      audit.cancel();
      signal.removeEventListener('abort', onAbort);
      stream.cancel();
      settle();
    };
    const onAbort = (): void => end(resolve);
    const fail = (error: EtcdError): void =>
      end(() => {
        client.blame(session, error);
        reject(error);
      });

    const scheduleAudit = (ms: number): void => {
      audit = timers.setTimeout(() => {
        list().then(
          (rebased) => (rebased ? end(resolve) : ended || scheduleAudit(AUDIT_MS * jitter(timers))),
          () => ended || scheduleAudit(AUDIT_AFTER_RECONNECT_MS),
        );
      }, ms);
    };

    /** Each period without a message: first a probe, then the end. */
    const probe = (): void => {
      timer = timers.setTimeout(() => {
        // After a freeze of this process timers come first: let what has arrived be read.
        setImmediate(() => {
          if (ended) return;
          if (silent) {
            const what = created ? 'went silent' : 'does not answer';
            const { address } = session.connection;
            fail(new EtcdError('timeout', `etcd watch at ${address} ${what}`));
            return;
          }
          silent = true;
          if (created) stream.send({ progressRequest: {} });
          probe();
        });
      }, probeMs);
    };

    const onMessage = (message: WatchResponse): void => {
      silent = false;
      const received = state.received(message);
      if (received.kind !== 'created') onSign();
      if (received.kind === 'created') {
        created = true;
        handlers.onContact();
        const soon = AUDIT_AFTER_RECONNECT_MS * timers.random();
        scheduleAudit(resumed ? soon : AUDIT_MS * jitter(timers));
      } else if (received.kind === 'changed') {
        handlers.onChange(received.changes, 'events');
      } else if (received.kind === 'list') {
        end(resolve);
      } else if (received.kind === 'refused') {
        const reason = reasonFromText(received.reason) ?? 'other';
        const { address } = session.connection;
        fail(new EtcdError(reason, `etcd watch at ${address}: ${received.reason}`));
      }
    };

    const stream: EtcdStream<WatchRequest> = session.connection.stream(
      'Watch/Watch',
      session.token,
      { onMessage, onEnd: fail },
    );
    signal.addEventListener('abort', onAbort, { once: true });
    state.opened();
    stream.send({
      createRequest: {
        ...range,
        startRevision: String(state.nextRevision),
        progressNotify: true,
        fragment: true,
      },
    });
    probe();
  });
}

function jitter(timers: { random(): number }): number {
  return 0.8 + 0.4 * timers.random();
}
