import type { Footprint } from './protocol.ts';

/** Measures this process, after two garbage collections if `--expose-gc` lets it have them. */
export function measureFootprint(): Footprint {
  const { gc } = globalThis;
  gc?.();
  gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapUsed, rss, handles: process.getActiveResourcesInfo().length };
}
