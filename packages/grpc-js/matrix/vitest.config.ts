import { defineConfig } from 'vitest/config';

// The package's whole suite with another version of grpc-js on the client's side: `run.js` says where
// it is. The servers stay on the catalog's version.
const directory = process.env.WRR_GRPC_JS;
if (directory === undefined) throw new Error('WRR_GRPC_JS must name a copy of @grpc/grpc-js');
const conditions = ['@wrr/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: {
    conditions,
    alias: [
      { find: /^@grpc\/grpc-js$/, replacement: `${directory}/build/src/index.js` },
      { find: /^@grpc\/grpc-js\/(build\/.*)$/, replacement: `${directory}/$1` },
    ],
  },
  ssr: { resolve: { conditions } },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/*.test.ts', 'test/integration/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
