import { defineConfig } from 'vitest/config';

// Only the tests of the files that stryker.breaker.config.json mutates.
const conditions = ['@wrr/source', 'module', 'node', 'development|production'];
const subjects =
  'circuit-breaker,adaptive-throttle,retry-budget,failover,warm-up,balancer,suspect,call-guards';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      `packages/core/test/{${subjects}}.test.ts`,
      `packages/core/test/{${subjects}}[-.]*.test.ts`,
    ],
  },
});
