/**
 * The time, as core sees it.
 *
 * Core never reads a clock of its own: whoever embeds it passes one in. In Node.js and in browsers
 * `performance` is a `Clock`; in tests a fake one makes every law exact.
 */
export interface Clock {
  /** Returns milliseconds since an arbitrary origin. Must be monotonic: never a wall clock. */
  now(): number;
}
