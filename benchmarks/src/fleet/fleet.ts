import { inWorkers } from '../in-workers.ts';
import type { Row, Suite } from '../suite.ts';
import type { FleetJob } from './fleet-worker.ts';
import { drawFleet } from './pictures.ts';
import { GROUP_NAMES, plan } from './plan.ts';
import { firstSeed } from './seeds.ts';

const WORKER = new URL('./fleet-worker.js', import.meta.url);

/** What policies make of whole fleets: simulated on the shipping core, exact by seed. */
export const fleet: Suite = {
  name: 'fleet',
  title: 'Fleet: clients and servers, simulated on core with a fake clock',
  options: [
    {
      flags: '--group <group>',
      description: 'only one group of fleets',
      choices: GROUP_NAMES,
    },
    {
      flags: '--large',
      description: 'also up to 10,000 clients of 1,000 servers (fleet; minutes)',
    },
    { flags: '--seed <number>', description: 'the first seed of a simulated fleet (101)' },
  ],
  async run({ quick, options, progress }) {
    const scenarios = plan({ quick, options });
    const first = firstSeed(options['seed']);
    const jobs = scenarios.map((_, index): FleetJob => {
      return { context: { quick, options }, index, firstSeed: first };
    });
    const rows = await inWorkers<FleetJob, readonly Row[]>(WORKER, jobs, ({ index }) => {
      const planned = scenarios[index];
      if (planned === undefined) return;
      const { model, runs, peers } = planned;
      const policies = Object.keys(peers).length + 1;
      progress(`${model.name} at ${model.load}: ${policies} policies, ${runs} runs each`);
    });
    return rows.flat();
  },
  draw: drawFleet,
};
