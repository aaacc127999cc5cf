import type { Session } from './connection.ts';
import { asEtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';
import { createBackoff, pause } from './timers.ts';
import { createWatchState, type KeyValue } from './watch-state.ts';
import { followStream, type Range, type WatchHandlers } from './watch-stream.ts';

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
/**
 * What takes long is given twice the time at the next try, up to this: an overloaded etcd that needs
 * six seconds for a large backlog must not be asked for it again and again.
 */
const MAX_PROBE_MS = 20_000;
const MAX_LIST_MS = 120_000;
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
  let probeMs = PROBE_MS;
  let listMs = client.requestTimeoutMs * LIST_TIMEOUT_FACTOR;

  /** Compares with a list. Returns whether a running stream has to be opened anew. */
  const list = async (): Promise<boolean> => {
    state.listing();
    const first = state.nextRevision === 0;
    const options = { timeoutMs: listMs, signal: closing.signal };
    const { header, kvs } = await client.unary('KV/Range', range, options);
    if (closing.signal.aborted) return true;
    const { changes, rebased } = state.listed(header, kvs);
    needsList = false;
    if (first || changes.length > 0) handlers.onChange(changes, 'list');
    return rebased;
  };

  const follow = (session: Session, resumed: boolean): Promise<void> =>
    followStream({
      probeMs,
      onSign() {
        probeMs = PROBE_MS;
      },
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
        const session = await client.session();
        if (closing.signal.aborted) return;
        await follow(session, resumed);
        // Only a stream that asks for a list ends without an error.
        needsList = true;
      } catch (error) {
        if (closing.signal.aborted) return;
        const known = asEtcdError(error);
        if (known.reason === 'timeout') {
          if (needsList) listMs = Math.min(MAX_LIST_MS, listMs * 2);
          else probeMs = Math.min(MAX_PROBE_MS, probeMs * 2);
        }
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
