import { type AttemptController, type AttemptSignal, createController } from './abort.ts';
import type { Clock } from './clock.ts';
import { patienceMs } from './patient-timer.ts';

/** Resolves after `ms`. When `signal` aborts it must let go of its timer, and resolve or reject. */
export type Sleep = (ms: number, signal: AttemptSignal) => Promise<unknown>;

/**
 * Does `action` after `ms`, unless the returned controller is aborted before. A sleep that fails by
 * itself is reported: what waits for it would wait for ever.
 *
 * With a `clock` it does not count the time in which the process was blocked, as `PatientTimer` does not:
 * when it is late, it lets what has arrived be read first.
 */
export function after(
  sleep: Sleep,
  ms: number,
  action: () => void,
  fail: (error: unknown) => void,
  clock?: Clock,
): AttemptController {
  const controller = createController();
  const { signal } = controller;
  const dueAt = (clock?.now() ?? 0) + ms;
  const wait = (forMs: number, then: () => void): void => {
    sleep(forMs, signal).then(
      () => signal.aborted || then(),
      (error: unknown) => signal.aborted || fail(error),
    );
  };
  wait(ms, () => {
    const extraMs = clock === undefined ? 0 : patienceMs(clock, dueAt, ms);
    if (extraMs > 0) wait(extraMs, action);
    else action();
  });
  return controller;
}
