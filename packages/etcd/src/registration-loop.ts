import { createListeners, type Listeners } from '@wrr/core';
import { encodeEndpoint, endpointKey } from './codec.ts';
import { asEtcdError, EtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';
import { chooseLeaseId, grantLease, keepAlive, type Lease, revokeLease } from './lease.ts';
import { judgeOwnKey } from './own-key.ts';
import { takeKey, type Written, writeOwnKey } from './own-key-writer.ts';
import type { CheckedRegistration } from './registration-options.ts';
import type { RegistrationEvent } from './registry-events.ts';
import { createBackoff, createWake, pause, settled } from './timers.ts';
import { createWaiters } from './waiters.ts';
import { type RangeWatch, watchRange } from './watch.ts';

/** One key and the will to have it in etcd. */
export interface Entry {
  readonly weight: number;
  readonly state: 'registered' | 'failing' | 'superseded' | 'closed';
  /** Aborted when the entry is closed. */
  readonly closed: AbortSignal;
  /** Told the end of every attempt to store: `undefined` when it has succeeded. */
  readonly attempts: Listeners<EtcdError | undefined>;
  /** Wants another weight; resolves when it is stored, rejects when it is not in time. */
  store(weight: number, timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** An event without what all events of an entry have in common. */
export type EntryEvent = RegistrationEvent extends infer Event
  ? Event extends RegistrationEvent
    ? Omit<Event, 'service' | 'address'>
    : never
  : never;

const MIN_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 2_500;
/** Two who want different things in one key write at most this often. */
const REPAIR_MS = 1_000;
const REVOKE_MS = 1_000;
/** etcd may take a revocation before a grant that was sent first: its answer is waited for. */
const GRANT_MS = 500;

/**
 * Keeps one entry in etcd: whenever what is there may not be what is wanted, compares and writes
 * again, until closed.
 */
export function maintainEntry(
  client: EtcdInternals,
  options: CheckedRegistration,
  emit: (event: EntryEvent) => void,
): Entry {
  const { timers } = client;
  const { address, metadata, ttlSeconds } = options;
  const name = client.namespace + endpointKey(options.service, address);
  const key = Buffer.from(name);
  const closing = new AbortController();
  const attempts = createListeners<EtcdError | undefined>();
  const waiters = createWaiters(timers);
  const backoff = createBackoff(timers, MIN_BACKOFF_MS, MAX_BACKOFF_MS);
  const wake = createWake(closing.signal);
  const ownLeases = new Set<string>();

  let weight = options.weight;
  let lease: Lease | undefined;
  let asking: string | undefined;
  let granting: Promise<Lease> | undefined;
  let keeper: { close(): void } | undefined;
  let watch: RangeWatch | undefined;
  let stored: { value: string; revision: number; weight: number; leaseId: string } | undefined;
  let superseded = false;
  let trouble: EtcdError | undefined;
  let dirty = true;
  let writing = false;
  let repairing: { found: 'deleted' | 'overwritten' | 'without-lease' } | undefined;
  let repairTimer: { cancel(): void } | undefined;
  let lastRepair = Number.NEGATIVE_INFINITY;

  const isOwnLease = (id: string): boolean => ownLeases.has(id);

  const failing = (error: EtcdError): void => {
    const first = trouble === undefined;
    trouble = error;
    if (first) emit({ type: 'failing', error });
  };
  const recovered = (): void => {
    if (!trouble) return;
    trouble = undefined;
    emit({ type: 'recovered' });
  };

  const loseLease = (id: string): void => {
    if (lease?.id !== id) return;
    keeper?.close();
    lease = undefined;
    emit({ type: 'lease-lost', leaseId: id });
    dirty = true;
    wake.now();
  };

  const takeLease = async (): Promise<Lease> => {
    // Until it is known whether it was granted, the next try is for the same one.
    asking ??= chooseLeaseId();
    granting = grantLease(client, asking, ttlSeconds, closing.signal);
    const granted = await granting;
    if (closing.signal.aborted) throw closedError();
    asking = undefined;
    lease = granted;
    ownLeases.add(granted.id);
    keeper = keepAlive(client, granted, {
      onRenewed: recovered,
      onLost: () => loseLease(granted.id),
      onFailure: failing,
    });
    return granted;
  };

  const supersede = (leaseId: string): void => {
    if (!superseded) emit({ type: 'superseded', leaseId });
    superseded = true;
    waiters.reject(new EtcdError('superseded', `${name} belongs to another registration`));
  };

  /** Compares with what the watch shows, and has a difference mended. */
  const look = (): void => {
    if (writing || dirty || closing.signal.aborted || !watch || !stored) return;
    const found = watch.view.get(name);
    const verdict = judgeOwnKey({
      found,
      seenRevision: watch.revision,
      storedRevision: stored.revision,
      storedValue: stored.value,
      leaseId: stored.leaseId,
      isOwnLease,
    });
    if (verdict.kind === 'superseded') supersede(found?.lease ?? '0');
    if (verdict.kind !== 'repair') return;
    repairing = { found: verdict.found };
    repairTimer?.cancel();
    const repair = (): void => {
      lastRepair = timers.now();
      dirty = true;
      wake.now();
    };
    const waitMs = lastRepair + REPAIR_MS - timers.now();
    if (waitMs <= 0) repair();
    else repairTimer = timers.setTimeout(repair, waitMs);
  };

  const startWatch = (): RangeWatch =>
    watchRange(client, { key }, { onChange: look, onContact() {}, onFailure: failing });

  const write = async (value: string, { id }: Lease): Promise<Written> =>
    stored
      ? writeOwnKey(client, key, value, id, isOwnLease, closing.signal)
      : takeKey(client, key, value, id, closing.signal);

  /** One attempt to bring about what is wanted. */
  const attempt = async (): Promise<void> => {
    const ticket = waiters.ticket();
    const wanted = weight;
    const value = encodeEndpoint(address, wanted, metadata);
    const held = lease ?? (await takeLease());
    const written = await write(value, held).catch((error: unknown) => {
      const known = asEtcdError(error);
      if (known.reason === 'lease-lost') loseLease(held.id);
      throw known;
    });
    if (closing.signal.aborted) return;
    if (written.kind === 'superseded') return supersede(written.leaseId);
    const before = stored;
    stored = { value, revision: written.revision, weight: wanted, leaseId: held.id };
    superseded = false;
    recovered();
    if (repairing) emit({ type: 'repaired', ...repairing });
    repairing = undefined;
    if (before?.leaseId !== held.id) {
      emit({ type: 'registered', leaseId: held.id, ttlMs: held.ttlMs });
    }
    if (before && before.weight !== wanted) emit({ type: 'weight-stored', weight: wanted });
    waiters.resolve(ticket);
    watch ??= startWatch();
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (!dirty) await wake.wait();
      if (closing.signal.aborted) return;
      if (!dirty) continue;
      dirty = false;
      writing = true;
      try {
        await attempt();
        backoff.reset();
        attempts.tell(undefined);
      } catch (error) {
        if (closing.signal.aborted) return;
        const known = asEtcdError(error);
        dirty = true;
        failing(known);
        if (known.reason !== 'unavailable' && known.reason !== 'timeout') waiters.reject(known);
        attempts.tell(known);
        await pause(timers, backoff.next(), closing.signal);
      } finally {
        writing = false;
      }
      look();
    }
  };
  void run();

  const close = async (): Promise<void> => {
    closing.abort();
    keeper?.close();
    watch?.close();
    repairTimer?.cancel();
    waiters.close(closedError());
    attempts.tell(closedError());
    if (granting && asking) await settled(timers, granting, GRANT_MS);
    const held = lease?.id ?? asking;
    const removed = held && (await revokeLease(client, held, REVOKE_MS).catch(() => false));
    if (removed) emit({ type: 'deregistered' });
  };

  return {
    get weight() {
      return weight;
    },
    get state() {
      if (closing.signal.aborted) return 'closed';
      if (superseded) return 'superseded';
      return stored && lease && !trouble && !repairing ? 'registered' : 'failing';
    },
    closed: closing.signal,
    attempts,
    store(next, timeoutMs) {
      weight = next;
      if (stored?.weight === next && !dirty && !writing && !superseded && !trouble) {
        return Promise.resolve();
      }
      dirty = true;
      wake.now();
      return waiters.wait(timeoutMs, `weight ${next} of ${name}`);
    },
    close,
  };
}

function closedError(): EtcdError {
  return new EtcdError('closed', 'the registration has been closed');
}
