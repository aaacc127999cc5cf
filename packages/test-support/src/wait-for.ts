/** Options of {@link waitFor}. */
export interface WaitForOptions {
  /** How long to wait at most, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two tries, in milliseconds. Default 10. */
  readonly intervalMs?: number;
  /** What is awaited, for the error message. */
  readonly what?: string;
}

/**
 * Waits until `condition` returns something truthy, and returns that. A condition that throws counts
 * as not met; the last error becomes the cause of the timeout's.
 *
 * Tests wait with it instead of sleeping, so that a slow machine makes them slow, not red.
 *
 * @throws {Error} after `timeoutMs`, saying what did not happen.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitForOptions = {},
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  const { timeoutMs = 10_000, intervalMs = 10, what = condition.toString() } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<Awaited<T>, false | 0 | '' | null | undefined>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`, { cause });
    }
    await sleep(intervalMs);
  }
}

/** Resolves after `ms` milliseconds. Only for holding a state on purpose, never for synchronising. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
