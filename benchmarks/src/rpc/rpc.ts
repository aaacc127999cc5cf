import type { Suite } from '../suite.ts';
import { frozenServerRows } from './frozen-server.ts';
import { drawFrozenServer } from './frozen-timeline.ts';
import { drawLatencies } from './latency-picture.ts';
import { listUpdateRows } from './list-update.ts';
import { niceGrpcRows } from './nice-grpc.ts';
import { scenarioRows, scenarios } from './scenario.ts';
import { throughputRows } from './throughput.ts';

/** What the adapters cost and do on real connections, beside grpc-js's own round robin. */
export const rpc: Suite = {
  name: 'rpc',
  title: 'grpc-js and nice-grpc: unary calls with everything on, list updates, a frozen server',
  options: [
    {
      flags: '--stack <stack>',
      description: 'rpc: only this stack',
      choices: ['grpc-js', 'nice-grpc'],
    },
    {
      flags: '--scenario <scenario>',
      description: 'rpc: only this: one of five servers in trouble, by kind of dispatch',
      choices: [...scenarios],
    },
  ],
  async run(context) {
    const { stack, scenario } = context.options;
    const wanted = scenarios.find((name) => name === scenario);
    if (wanted !== undefined) return scenarioRows(wanted, context);
    const rows = [];
    if (stack !== 'nice-grpc') {
      rows.push(...(await throughputRows(context)));
      rows.push(...(await listUpdateRows(context)));
      rows.push(...(await frozenServerRows(context)));
    }
    if (stack !== 'grpc-js') rows.push(...(await niceGrpcRows(context)));
    return rows;
  },
  draw: (rows) => [...drawLatencies(rows), ...drawFrozenServer(rows)],
};
