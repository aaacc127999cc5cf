import type { Timers } from './timers.ts';
import type { Change } from './watch-state.ts';

/** Keeps endpoints whose keys have vanished all at once, as after the loss of etcd's data. */
export interface DeletionGuardOptions {
  /**
   * Share of the known keys, from 0 to 1, that may be missing from one list. When more are, none of
   * them is removed for `holdMs`; those that are back by then stay.
   */
  readonly maxRatio: number;
  /** How long they are kept, in milliseconds, > 0. Default 30,000: servers re-register much sooner. */
  readonly holdMs?: number;
}

/** Sorts changes into those that act now and those that are put off. */
export interface DeletionGuard {
  /** Takes the changes of a list or of events; returns those that act now. */
  admit(changes: readonly Change[], from: 'list' | 'events', known: number): readonly Change[];
  /** Number of keys that are being kept. */
  readonly held: number;
  close(): void;
}

const HOLD_MS = 30_000;

/** Creates a guard; `release` gets the deletions that were put off and have not been undone. */
export function createDeletionGuard(
  options: DeletionGuardOptions | undefined,
  timers: Timers,
  release: (changes: readonly Change[]) => void,
): DeletionGuard {
  const held = new Map<string, Change>();
  let timer = { cancel: (): void => {} };
  if (!options) return { admit: (changes) => changes, held: 0, close: () => {} };
  const { maxRatio, holdMs = HOLD_MS } = options;

  return {
    admit(changes, from, known) {
      for (const { key } of changes) held.delete(key);
      const gone = changes.filter(({ after }) => !after);
      // What events say, someone did. Only a list can be missing what nobody deleted.
      if (from === 'events' || gone.length <= known * maxRatio) return changes;
      for (const change of gone) held.set(change.key, change);
      timer.cancel();
      timer = timers.setTimeout(() => {
        const late = [...held.values()];
        held.clear();
        release(late);
      }, holdMs);
      return changes.filter(({ after }) => after);
    },
    get held() {
      return held.size;
    },
    close() {
      held.clear();
      timer.cancel();
    },
  };
}

/**
 * Checks the options.
 *
 * @throws {RangeError} naming option and value.
 */
export function checkDeletionGuard({ maxRatio, holdMs = HOLD_MS }: DeletionGuardOptions): void {
  if (!(maxRatio >= 0 && maxRatio <= 1)) {
    throw new RangeError(`massDeletion.maxRatio must be from 0 to 1, got ${String(maxRatio)}`);
  }
  if (!(holdMs > 0 && holdMs <= 86_400_000)) {
    throw new RangeError(
      `massDeletion.holdMs must be > 0 and at most 86400000, got ${String(holdMs)}`,
    );
  }
}
