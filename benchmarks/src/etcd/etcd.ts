import { startEtcd } from '@wrr/test-support';
import type { Context, Row, Suite } from '../suite.ts';
import { latencyRows } from './latency-rows.ts';
import { loadRows } from './load-rows.ts';
import { lossRows } from './loss-rows.ts';

/** Registration and discovery on a real etcd, beside etcd3's own Lease and Watcher. */
export const etcd: Suite = {
  name: 'etcd',
  title: 'Registration and discovery in etcd',
  async run(context: Context): Promise<readonly Row[]> {
    context.progress('starting etcd');
    const server = await startEtcd({ onProgress: context.progress });
    try {
      return [
        ...(await latencyRows(server, context)),
        ...(await lossRows(context)),
        ...(await loadRows(server, context)),
      ];
    } finally {
      await server.stop();
    }
  },
};
