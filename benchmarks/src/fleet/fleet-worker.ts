import { parentPort, workerData } from 'node:worker_threads';
import type { Context } from '../suite.ts';
import { fleetRows } from './fleet-rows.ts';
import { plan } from './plan.ts';

/** What one worker is to simulate: the scenario at `index` of the plan for these options. */
export interface FleetJob {
  readonly context: Pick<Context, 'quick' | 'options'>;
  readonly index: number;
  readonly firstSeed: number;
}

const { context, index, firstSeed }: FleetJob = workerData;
const planned = plan(context)[index];
if (planned === undefined) throw new Error(`the plan has no scenario ${index}`);
const seeds = Array.from({ length: planned.runs }, (_, run) => firstSeed + run);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort?.postMessage(fleetRows(planned, seeds));
