import type { Suite } from '../suite.ts';
import { failoverRows } from './failover-rows.ts';
import { throttleRows } from './throttle-rows.ts';

/** What breakers, throttles and budgets do in outages: simulated on pure core, exact by seed. */
export const protection: Suite = {
  name: 'protection',
  title: 'Protection: outages, simulated on core with a fake clock',
  async run(context) {
    return [...throttleRows(context), ...(await failoverRows(context))];
  },
};
