/** Makes a warning of the process of what a listener threw: it must not change what it listens to. */
export function warnOfThrow(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`a listener threw: ${text}`, { code: 'WRR_LISTENER' });
}

/** Calls foreign code; what it throws becomes a warning. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    warnOfThrow(error);
  }
}
