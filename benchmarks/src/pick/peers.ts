import { edfHeap } from './peers/edf-heap.ts';
import { naiveLoop } from './peers/naive-loop.ts';
import {
  grpcJsQueue,
  undiciBalancedPool,
  weightedRoundRobinPackage,
  wrrPool,
} from './peers/packages.ts';
import type { Peer } from './peers/peer.ts';
import { staticStride } from './peers/static-stride.ts';

/** Everything that the scheduler is compared with. */
export const peers: readonly Peer[] = [
  naiveLoop,
  grpcJsQueue,
  edfHeap,
  staticStride,
  weightedRoundRobinPackage,
  wrrPool,
  undiciBalancedPool,
];
