import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The integration tests with their long outages, and held to every promise exactly. Needs the machine
// for itself. Prints promised against measured at the end.
const root = join(import.meta.dirname, '../..');
const conditions = ['@wrr/source', 'module', 'node', 'development|production'];

export default defineConfig({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/etcd/test/integration/*.test.ts'],
    globalSetup: 'packages/etcd/test/chaos-table.ts',
    env: { WRR_MEASURED: join(root, 'reports', 'etcd-measured.jsonl') },
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
