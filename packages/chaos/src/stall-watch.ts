import { tellParent } from './child-side.ts';
import type { Stall } from './protocol.ts';

const EVERY_MS = 25;
/** Shorter ones happen on every machine, and no timeout of the run is that short. */
const STALL_MS = 250;

/**
 * Tells when this process stood still without working: because the machine had no time for it, or
 * because it was stopped. Standing still while it works is its own fault, and not told.
 */
export function watchStalls(tell: (stall: Stall) => void = tellOfStall): void {
  let last = performance.now();
  let cpu = process.cpuUsage();
  setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    const gap = now - last;
    const workedMs = (user + system) / 1_000;
    if (gap > STALL_MS && workedMs < gap / 2) {
      const to = Date.now();
      tell({ from: to - gap, to });
    }
    last = now;
    cpu = process.cpuUsage();
  }, EVERY_MS).unref();
}

function tellOfStall(stall: Stall): void {
  tellParent({ event: 'stall', stall });
}
