import type { Suite } from '../suite.ts';
import { fleetRows } from './fleet-rows.ts';
import { drawFleet } from './pictures.ts';
import { GROUP_NAMES, plan } from './plan.ts';
import { firstSeed } from './seeds.ts';

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
  run(context) {
    const first = firstSeed(context.options['seed']);
    return Promise.resolve(
      plan(context).flatMap((planned) => {
        const { model, runs, peers } = planned;
        const policies = Object.keys(peers).length + 1;
        context.progress(`${model.name} at ${model.load}: ${policies} policies, ${runs} runs each`);
        return fleetRows(
          planned,
          Array.from({ length: runs }, (_, i) => first + i),
        );
      }),
    );
  },
  draw: drawFleet,
};
