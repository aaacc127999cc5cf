import { defineConfig } from 'vitest/config';

// The tests that a mutation run of the scheduler needs, and no others (see stryker.scheduler.config.json).
process.env['WRR_RUN_SHARE'] = '0.2';
const conditions = ['@wrr/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/core/test/{smooth-weighted-round-robin,rotation.property,scheduler-laws.property,quantise-weights.property}*.test.ts',
      'packages/core/test/{rotation,scheduler-laws,quantise-weights,queue-order,lines}.property.test.ts',
      'packages/core/test/{phase,slots,active-set,weight-classes,rotation-scheduler}.test.ts',
    ],
    // Half of the time for no mutant: long runs, and the laws that the comparison with nginx's loop holds.
    testNamePattern: /^(?!.*(large sets|13, 14|3, 7, 8|with up to 60 keys)).*$/,
  },
});
