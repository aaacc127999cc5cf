import type { EtcdStream } from './connection.ts';
import { asEtcdError, EtcdError } from './errors.ts';
import type { EtcdInternals, Session } from './etcd-client.ts';
import type { WatchRequest, WatchResponse } from './protocol.ts';
import { reasonFromText } from './status.ts';
import { createBackoff, pause } from './timers.ts';
import { type Change, createWatchState, type KeyValue } from './watch-state.ts';

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

/** A range of keys, kept up to date. */
export interface RangeWatch {
  readonly view: ReadonlyMap<string, KeyValue>;
  /** The view holds everything up to this revision. 0 as long as nothing is known. */
  readonly revision: number;
  /** Ends the watch; nothing is told after that. Safe to call twice. */
  close(): void;
}

/** Silence for two of these periods means that the connection is dead. */
const PROBE_MS = 2_500;
/** The store is compared with the view this often, whatever the stream has said. */
const AUDIT_MS = 300_000;
/** And once after each new stream, at random within this time, so that a crowd spreads. */
const AUDIT_AFTER_RECONNECT_MS = 5_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
/** What a person has to mend is not asked for more often than this. */
const SLOW_MS = 5_000;
/** A stream that dies younger than this does not reset the backoff. */
const STABLE_MS = 1_000;
/** A list may be large: its bound is this many times that of other requests. */
const LIST_TIMEOUT_FACTOR = 3;

/** Starts to watch a range: lists it, follows it, and never gives up until closed. */
export function watchRange(
  client: EtcdInternals,
  range: Range,
  handlers: WatchHandlers,
): RangeWatch {
  const { timers } = client;
  const state = createWatchState();
  const closing = new AbortController();
  const backoff = createBackoff(timers, MIN_BACKOFF_MS, MAX_BACKOFF_MS);
  let needsList = true;

  /** Compares with a list. Returns whether a running stream has to be opened anew. */
  const list = async (): Promise<boolean> => {
    state.listing();
    const first = state.nextRevision === 0;
    const timeoutMs = client.requestTimeoutMs * LIST_TIMEOUT_FACTOR;
    const { signal } = closing;
    const { header, kvs } = await client.unary('KV/Range', range, { timeoutMs, signal });
    if (closing.signal.aborted) return true;
    const { changes, rebased } = state.listed(header, kvs);
    needsList = false;
    if (first || changes.length > 0) handlers.onChange(changes, 'list');
    return rebased;
  };

  const follow = (session: Session, resumed: boolean): Promise<void> =>
    followStream({
      client,
      session,
      range,
      state,
      handlers,
      signal: closing.signal,
      list,
      resumed,
    });

  const run = async (): Promise<void> => {
    for (let resumed = false; !closing.signal.aborted; ) {
      const started = timers.now();
      let least = 0;
      try {
        resumed = !needsList;
        if (needsList) await list();
        if (closing.signal.aborted) return;
        await follow(await client.session(), resumed);
        // Only a stream that asks for a list ends without an error.
        needsList = true;
      } catch (error) {
        if (closing.signal.aborted) return;
        const known = asEtcdError(error);
        if (known.reason === 'permission' || known.reason === 'authentication') least = SLOW_MS;
        handlers.onFailure(known);
      }
      if (timers.now() - started >= STABLE_MS) backoff.reset();
      await pause(timers, Math.max(least, backoff.next()), closing.signal);
    }
  };
  void run();

  return {
    view: state.view,
    get revision() {
      return state.nextRevision - 1;
    },
    close: () => closing.abort(),
  };
}

interface Following {
  readonly client: EtcdInternals;
  readonly session: Session;
  readonly range: Range;
  readonly state: ReturnType<typeof createWatchState>;
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
function followStream(following: Following): Promise<void> {
  const { client, session, range, state, handlers, signal, list, resumed } = following;
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
            fail(new EtcdError('unavailable', `etcd watch at ${address} ${what}`));
            return;
          }
          silent = true;
          if (created) stream.send({ progressRequest: {} });
          probe();
        });
      }, PROBE_MS);
    };

    const onMessage = (message: WatchResponse): void => {
      silent = false;
      const received = state.received(message);
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
