import { failoverJobs } from './failover-rows.ts';
import type { Job } from './jobs.ts';
import { throttleJobs } from './throttle-rows.ts';

/** All of the suite, in parts that can run side by side. */
export function protectionJobs(quick: boolean): readonly Job[] {
  return [...throttleJobs(quick), ...failoverJobs(quick)];
}
