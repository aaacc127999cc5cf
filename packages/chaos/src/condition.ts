/**
 * What is known to be true of one thing (a server, a client's way to etcd) over time: it is good while
 * nothing speaks against it. The run writes it as it injects faults; the invariants read it.
 */
export interface Condition {
  /** From now on `reason` speaks against it. */
  begin(reason: string, now: number): void;
  /** From now on it does no more. */
  end(reason: string, now: number): void;
  readonly good: boolean;
  /** Whether it was good without a break from `from` to `to`. */
  goodThroughout(from: number, to: number): boolean;
  /** Since when it has been good at time `at`; undefined if it was not. */
  goodSince(at: number): number | undefined;
  /** Since when it has been bad at time `at`; undefined if it was good. */
  badSince(at: number): number | undefined;
}

/** Creates a condition that is good from `start` on. */
export function createCondition(start: number): Condition {
  const reasons = new Set<string>();
  /** Alternately good and bad. */
  const changes: { readonly at: number; readonly good: boolean }[] = [{ at: start, good: true }];

  const note = (at: number): void => {
    const good = reasons.size === 0;
    if (changes.at(-1)?.good !== good) changes.push({ at, good });
  };
  const lastAt = (at: number): { readonly at: number; readonly good: boolean } | undefined =>
    changes.findLast((change) => change.at <= at);

  return {
    begin(reason, now) {
      reasons.add(reason);
      note(now);
    },
    end(reason, now) {
      reasons.delete(reason);
      note(now);
    },
    get good() {
      return reasons.size === 0;
    },
    goodThroughout(from, to) {
      const since = this.goodSince(from);
      return since !== undefined && !changes.some(({ at, good }) => !good && at > from && at <= to);
    },
    goodSince(at) {
      const last = lastAt(at);
      return last?.good === true ? last.at : undefined;
    },
    badSince(at) {
      const last = lastAt(at);
      return last?.good === false ? last.at : undefined;
    },
  };
}
