import { type AttemptController, type AttemptSignal, createController } from './abort.ts';

/** Resolves after `ms`. When `signal` aborts it must let go of its timer, and resolve or reject. */
export type Sleep = (ms: number, signal: AttemptSignal) => Promise<unknown>;

/**
 * Does `action` after `ms`, unless the returned controller is aborted before. A sleep that fails by
 * itself is reported: what waits for it would wait for ever.
 */
export function after(
  sleep: Sleep,
  ms: number,
  action: () => void,
  fail: (error: unknown) => void,
): AttemptController {
  const controller = createController();
  const { signal } = controller;
  sleep(ms, signal).then(
    () => signal.aborted || action(),
    (error: unknown) => signal.aborted || fail(error),
  );
  return controller;
}
