import { inWorkers } from '../in-workers.ts';
import type { Row, Suite } from '../suite.ts';
import { drawProtection } from './pictures.ts';
import { protectionJobs } from './protection-jobs.ts';
import type { ProtectionWork } from './protection-worker.ts';

const WORKER = new URL('./protection-worker.js', import.meta.url);

/** What breakers, throttles and budgets do in outages: simulated on pure core, exact by seed. */
export const protection: Suite = {
  name: 'protection',
  title: 'Protection: outages, simulated on core with a fake clock',
  async run({ quick, progress }) {
    const jobs = protectionJobs(quick);
    const work = jobs.map((_, index): ProtectionWork => ({ quick, index }));
    const rows = await inWorkers<ProtectionWork, readonly Row[]>(WORKER, work, ({ index }) =>
      progress(jobs[index]?.name ?? ''),
    );
    return rows.flat();
  },
  draw: drawProtection,
};
