import type { Suite } from '../suite.ts';
import { frozenServerRows } from './frozen-server.ts';
import { listUpdateRows } from './list-update.ts';
import { throughputRows } from './throughput.ts';

/** What the grpc-js adapter costs and does on real connections, beside grpc-js's own round robin. */
export const rpc: Suite = {
  name: 'rpc',
  title: 'grpc-js: unary calls with everything on, list updates, a frozen server',
  async run(context) {
    return [
      ...(await throughputRows(context)),
      ...(await listUpdateRows(context)),
      ...(await frozenServerRows(context)),
    ];
  },
};
