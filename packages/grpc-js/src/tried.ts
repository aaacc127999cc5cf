import { ATTEMPT_LINK_KEY, type AttemptLink, findAttemptLink } from '@wrr/core';
import type { Metadata, PickArgs } from './grpc.ts';

/** What a pick leaves on its call for the picks that follow. */
export interface TriedMark {
  readonly key: string;
  /** Whether its attempt has ended. */
  readonly ended: boolean;
  /** All endpoints that the call has tried; absent while it is only this one. */
  readonly tried: Set<string> | undefined;
}

const MARK: unique symbol = Symbol('wrr.tried');

interface Marked {
  [MARK]?: TriedMark;
  readonly [key: string]: unknown;
}

const marks = new WeakMap<object, TriedMark>();
let identityIsShared = false;

/** Number of attempts before this one, which grpc-js adds from the second attempt on. */
export const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts';

/**
 * Returns the mark of the call's latest attempt.
 *
 * All attempts that grpc-js makes for one call (retry, hedging, transparent retry) pick with the same
 * `extraPickInfo` object, and no two calls share one: verified for all 1.14 releases, documented
 * nowhere. Should a release begin to share the object between calls, its marks would keep calls away
 * from innocent endpoints; the sign of it, an ended attempt without a count of previous ones, switches
 * this off for the process.
 *
 * A property of a symbol on the object costs a hundredth of what a WeakMap entry does.
 */
export function markOf({ extraPickInfo, metadata }: PickArgs): TriedMark | undefined {
  if (identityIsShared) return undefined;
  const marked: Marked = extraPickInfo;
  const mark = marked[MARK] ?? marks.get(extraPickInfo);
  if (mark?.ended === true && metadata.get(PREVIOUS_ATTEMPTS).length === 0) {
    identityIsShared = true;
    return undefined;
  }
  return mark;
}

/** Leaves a mark, at pick time: hedges and transparent retries pick before the attempt has ended. */
export function leaveMark({ extraPickInfo }: PickArgs, mark: TriedMark): void {
  const marked: Marked = extraPickInfo;
  if (Object.isExtensible(marked)) marked[MARK] = mark;
  else marks.set(extraPickInfo, mark);
}

/** In the place of a link's id: the call is a stream, and no failover made a link for it. */
export const STREAM_ID = 'stream';

/**
 * Returns the link of the attempt that this pick is for, if a failover above the channel made one, and
 * takes its key off the metadata: they are a copy of the attempt's own, and what goes on the wire.
 */
export function takeLink(metadata: Metadata): AttemptLink | typeof STREAM_ID | undefined {
  const id = metadata.get(ATTEMPT_LINK_KEY)[0];
  if (id === undefined) return undefined;
  metadata.remove(ATTEMPT_LINK_KEY);
  return id === STREAM_ID ? STREAM_ID : findAttemptLink(String(id));
}
