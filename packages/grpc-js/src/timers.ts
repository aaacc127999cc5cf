import type { Timers } from '@wrr/core';

/** Node.js's timers, for core. */
export const timers: Timers<NodeJS.Timeout> = {
  now: () => performance.now(),
  set: setTimeout,
  clear: clearTimeout,
};
