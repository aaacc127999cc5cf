/** Delivers what is pushed after a delay, and always in the order in which it was pushed. */
export interface DelayLine {
  /** Delivers `chunk` in `delayMs`, or as soon as everything before it has been delivered. */
  push(chunk: Buffer, delayMs: number): void;
}

/** Creates a line that keeps no process alive. */
export function createDelayLine(deliver: (chunk: Buffer) => void): DelayLine {
  const waiting: { readonly chunk: Buffer; readonly due: number }[] = [];

  const pump = (): void => {
    for (;;) {
      const [first] = waiting;
      if (first === undefined) return;
      const leftMs = first.due - performance.now();
      // Timers fire up to a millisecond early.
      if (leftMs >= 1) return void setTimeout(pump, leftMs).unref();
      waiting.shift();
      deliver(first.chunk);
    }
  };

  return {
    push(chunk, delayMs) {
      if (delayMs === 0 && waiting.length === 0) return deliver(chunk);
      waiting.push({ chunk, due: performance.now() + delayMs });
      if (waiting.length === 1) pump();
    },
  };
}
