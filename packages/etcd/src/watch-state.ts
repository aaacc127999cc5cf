import type { ResponseHeader, WatchResponse, WireKeyValue } from './protocol.ts';

/** A key as it is in etcd. */
export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** The lease's ID in decimal, `'0'` when there is none. */
  readonly lease: string;
}

/** One key's difference between before and after. `after` is absent when it was deleted. */
export interface Change {
  readonly key: string;
  readonly before: KeyValue | undefined;
  readonly after: KeyValue | undefined;
}

/** What a message of the stream means. */
type Received =
  /** The watch stands. */
  | { readonly kind: 'created' }
  /** The view has changed. */
  | { readonly kind: 'changed'; readonly changes: readonly Change[] }
  /** A sign of life, or part of a message. */
  | { readonly kind: 'nothing' }
  /** The stream cannot go on from here: list anew. */
  | { readonly kind: 'list'; readonly reason: string }
  /** etcd has ended the watch. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * What is known about a range of keys, and from which revision on to ask for more: the part of a watch
 * that decides, without I/O or time. The rules are those of etcd's own Go client
 * (`client/v3/watch.go`), plus resynchronisation, which that one leaves to its users:
 *
 * - The next revision is the last event's plus one. Neither `created` nor an answer to a progress
 *   request moves it: events below its revision may still be under way.
 * - Parts of a message count when the last one is here.
 * - A list at revision R is the truth for all that was known up to R, and for nothing newer.
 * - A store that is behind what was seen has been wiped or restored: its list replaces everything.
 */
export interface WatchState {
  readonly view: ReadonlyMap<string, KeyValue>;
  /** Where a stream has to start. 0 before the first list. */
  readonly nextRevision: number;
  /** Call before asking for a list. */
  listing(): void;
  /** Takes a list in. `rebased`: a running stream is of no use any more. */
  listed(
    header: ResponseHeader | null,
    kvs: readonly WireKeyValue[],
  ): { readonly changes: readonly Change[]; readonly rebased: boolean };
  /** Call when a new stream starts. */
  opened(): void;
  /** Takes a message of the stream in. */
  received(message: WatchResponse): Received;
}

/** Creates the state of a watch that knows nothing yet. */
export function createWatchState(): WatchState {
  const view = new Map<string, KeyValue>();
  let nextRevision = 0;
  let expectedRevision = 0;
  let clusterId: string | undefined;
  /** Keys deleted since a list was asked for: the list may be older than the deletion. */
  let deleted: Map<string, number> | undefined;
  let parts: WatchResponse['events'][number][] = [];

  const set = (changes: Change[], key: string, after: KeyValue | undefined): void => {
    const before = view.get(key);
    if (after) view.set(key, after);
    else if (!view.delete(key)) return;
    changes.push({ key, before, after });
  };

  const apply = (events: readonly WatchResponse['events'][number][]): Change[] => {
    const changes: Change[] = [];
    let last = 0;
    for (const { type, kv } of events) {
      if (!kv) continue;
      const after = fromWire(kv);
      last = Math.max(last, after.modRevision);
      // Known already, from a list that is newer than this part of the history.
      if (after.modRevision < nextRevision) continue;
      if (type === 'DELETE') {
        deleted?.set(after.key, after.modRevision);
        set(changes, after.key, undefined);
      } else {
        set(changes, after.key, after);
      }
    }
    nextRevision = Math.max(nextRevision, last + 1);
    return changes;
  };

  return {
    view,
    get nextRevision() {
      return nextRevision;
    },
    listing() {
      deleted = new Map();
      expectedRevision = nextRevision;
    },
    listed(header, kvs) {
      const revision = Number(header?.revision ?? 0);
      const sameStore = clusterId === undefined || clusterId === header?.clusterId;
      const rebased = !sameStore || revision + 1 < expectedRevision;
      clusterId = header?.clusterId;
      const newer = (modRevision: number): boolean => !rebased && modRevision > revision;

      const changes: Change[] = [];
      const listed = new Set<string>();
      for (const wire of kvs) {
        const after = fromWire(wire);
        listed.add(after.key);
        const before = view.get(after.key);
        if (newer(before?.modRevision ?? 0) || newer(deleted?.get(after.key) ?? 0)) continue;
        if (!before || !isSame(before, after)) set(changes, after.key, after);
      }
      for (const [key, { modRevision }] of Array.from(view)) {
        if (!listed.has(key) && !newer(modRevision)) set(changes, key, undefined);
      }
      deleted = undefined;
      nextRevision = rebased ? revision + 1 : Math.max(nextRevision, revision + 1);
      return { changes, rebased };
    },
    opened() {
      parts = [];
    },
    received(message) {
      const revision = Number(message.header?.revision ?? 0);
      if (message.compactRevision !== '0') {
        return { kind: 'list', reason: `compacted up to ${message.compactRevision}` };
      }
      if (message.canceled) {
        return { kind: 'refused', reason: message.cancelReason || 'no reason given' };
      }
      if (clusterId !== undefined && message.header && message.header.clusterId !== clusterId) {
        return { kind: 'list', reason: 'another cluster answers' };
      }
      if (message.created) {
        if (revision + 1 >= nextRevision) return { kind: 'created' };
        return { kind: 'list', reason: `the store is back at revision ${revision}` };
      }
      // The answer to a probe is a sign of life and no part of the watch: events may still follow.
      if (message.watchId === '-1') return { kind: 'nothing' };
      parts.push(...message.events);
      if (message.fragment) return { kind: 'nothing' };
      const events = parts;
      parts = [];
      const changes = apply(events);
      if (events.length === 0) {
        // etcd's own progress notice: all events up to its revision have been sent.
        nextRevision = Math.max(nextRevision, revision + 1);
      }
      return changes.length > 0 ? { kind: 'changed', changes } : { kind: 'nothing' };
    },
  };
}

function fromWire(wire: WireKeyValue): KeyValue {
  return {
    key: wire.key.toString(),
    value: wire.value,
    createRevision: Number(wire.createRevision),
    modRevision: Number(wire.modRevision),
    lease: wire.lease,
  };
}

function isSame(a: KeyValue, b: KeyValue): boolean {
  return a.modRevision === b.modRevision && a.lease === b.lease && a.value.equals(b.value);
}
