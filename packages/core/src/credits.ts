import type { SchedulerSnapshot } from './scheduler.ts';
import { checkWeight } from './weight.ts';

/** Carries a credit from one total weight to another, so that it stays the same number of calls. */
export function scaleCredit(credit: number, total: number, reference: number): number {
  return Math.trunc((credit * total) / reference) + 0; // + 0: never -0
}

/** Limits a credit to one call either way. */
export function clampCredit(credit: number, total: number): number {
  return Math.min(Math.max(credit, -total), total);
}

/**
 * Checks a snapshot before any of it is used.
 *
 * @throws {RangeError} naming key and value.
 */
export function checkSnapshot(snapshot: SchedulerSnapshot<unknown>): void {
  const { referenceWeight, entries } = snapshot;
  if (!(Number.isSafeInteger(referenceWeight) && referenceWeight >= 0)) {
    throw new RangeError(
      `referenceWeight must be an integer of at least 0, got ${String(referenceWeight)}`,
    );
  }
  const seen = new Set<unknown>();
  for (const { key, weight, available, credit } of entries) {
    if (seen.has(key)) throw new RangeError(`key ${String(key)} appears twice in one snapshot`);
    seen.add(key);
    checkWeight(key, weight);
    if (typeof available !== 'boolean') {
      throw new RangeError(
        `available of ${String(key)} must be true or false, got ${String(available)}`,
      );
    }
    if (credit !== undefined && !(Math.abs(credit) <= MAX_CREDIT && Number.isInteger(credit))) {
      throw new RangeError(
        `credit of ${String(key)} must be an integer within ±${MAX_CREDIT}, got ${String(credit)}`,
      );
    }
  }
}

/**
 * Far above every credit that a scheduler reaches, and low enough that it stays an exact integer with
 * a billion picks' gains on top.
 */
const MAX_CREDIT = 2 ** 50;
