import type { CallOptions } from './grpc.ts';

/** Returns a call's deadline in the milliseconds of the monotonic clock, whose time is `now`. */
export function deadlineOf({ deadline }: CallOptions, now: number): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : now + Number(deadline) - Date.now();
}
