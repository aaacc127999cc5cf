import type { KeyValue } from './watch-state.ts';

/** What a registration knows about its own key. */
export interface OwnKeySight {
  /** The key as the watch sees it. */
  readonly found: KeyValue | undefined;
  /** Up to which revision that view holds. */
  readonly seenRevision: number;
  /** The revision of our own last write. */
  readonly storedRevision: number;
  readonly storedValue: string;
  /** The lease of that write. */
  readonly leaseId: string;
  /** Says whether a lease has been ours at any time. */
  readonly isOwnLease: (id: string) => boolean;
}

/** What is to be done about it. */
export type OwnKeyVerdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'repair'; readonly found: 'deleted' | 'overwritten' | 'without-lease' }
  /** Another process, alive or not long dead, has put its own lease on the key. */
  | { readonly kind: 'superseded' };

/**
 * Judges the state of a registration's own key. The rule that keeps two processes with one address
 * from writing against each other for ever: the key belongs to the lease that was put on it last. Who
 * finds another's lease on it stands by until the key is free again.
 */
export function judgeOwnKey(sight: OwnKeySight): OwnKeyVerdict {
  const { found, seenRevision, storedRevision, storedValue, leaseId, isOwnLease } = sight;
  // The watch has not yet come to our last write: what it shows is the past.
  if (seenRevision < storedRevision) return { kind: 'fine' };
  if (!found) return { kind: 'repair', found: 'deleted' };
  if (found.lease === '0') return { kind: 'repair', found: 'without-lease' };
  if (!isOwnLease(found.lease)) return { kind: 'superseded' };
  if (found.lease !== leaseId || found.value.toString() !== storedValue) {
    return { kind: 'repair', found: 'overwritten' };
  }
  return { kind: 'fine' };
}
