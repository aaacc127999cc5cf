import type { Timers } from './timers.ts';

/** Says something at most once in a while, and how often it kept silent meanwhile. */
export interface Warner {
  warn(message: string): void;
}

const PERIOD_MS = 60_000;

/** Creates a warner. By default it warns through `process.emitWarning`. */
export function createWarner(
  timers: Timers,
  emit: (message: string) => void = (message) =>
    process.emitWarning(message, { type: 'WrrWarning', code: 'WRR_ETCD' }),
): Warner {
  let last = Number.NEGATIVE_INFINITY;
  let kept = 0;
  return {
    warn(message) {
      if (timers.now() - last < PERIOD_MS) {
        kept++;
        return;
      }
      last = timers.now();
      emit(kept === 0 ? message : `${message} (and ${kept} more since the last warning)`);
      kept = 0;
    },
  };
}
