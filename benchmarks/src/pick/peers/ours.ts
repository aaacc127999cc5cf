import { createSmoothWeightedRoundRobin } from '@wrr/core';
import { endpointName, type Peer } from './peer.ts';

/** What is measured. */
export const ours: Peer = {
  name: 'ours',
  create(weights) {
    const scheduler = createSmoothWeightedRoundRobin<string>();
    for (const [i, weight] of weights.entries()) scheduler.set(endpointName(i), weight);
    return {
      subject: scheduler,
      body: 's.next() !== undefined',
      next: () => scheduler.next() ?? '',
    };
  },
};
