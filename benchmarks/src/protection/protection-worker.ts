import { parentPort, workerData } from 'node:worker_threads';
import { protectionJobs } from './protection-jobs.ts';

/** What one worker is to simulate: the job at `index`. */
export interface ProtectionWork {
  readonly quick: boolean;
  readonly index: number;
}

const { quick, index }: ProtectionWork = workerData;
const job = protectionJobs(quick)[index];
if (job === undefined) throw new Error(`there is no job ${index}`);
const rows = await job.run();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort?.postMessage(rows);
