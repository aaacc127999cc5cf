import type { Endpoint } from '../endpoint.ts';
import type { AdaptiveSlot } from './adaptive-slot.ts';
import { ClassElection } from './class-election.ts';
import type { Election } from './election.ts';
import { PlainElection } from './plain-election.ts';

/** When queues are faster than two loops. */
export interface ElectionLimits {
  /** Up to so many endpoints the loops are. */
  readonly plainSize: number;
  /** And with fewer endpoints than this for each different weight. */
  readonly slotsPerClass: number;
}

/** Measured. */
export const ELECTION_LIMITS: ElectionLimits = { plainSize: 16, slotsPerClass: 4 };

/** Makes the election that suits a set. Both have the same winners. */
export function electionFor<E extends Endpoint>(
  slots: readonly AdaptiveSlot<E>[],
  { plainSize, slotsPerClass }: ElectionLimits,
): Election<E> {
  if (slots.length > plainSize) {
    const byClass = new ClassElection<E>();
    byClass.fill(slots);
    if (byClass.classes * slotsPerClass <= slots.length) return byClass;
  }
  const plain = new PlainElection<E>();
  plain.fill(slots);
  return plain;
}
