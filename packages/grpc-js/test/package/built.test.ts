import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Runs a program against the built package, as a user's project would. */
function run(type: 'module' | 'commonjs', program: string): string {
  const args = [`--input-type=${type}`, '--eval', program];
  return execFileSync(process.execPath, args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  }).trim();
}

const registered =
  "console.log(experimental.isLoadBalancerNameRegistered('custom_weighted_round_robin'))";

it('registers by an import alone', () => {
  const program = `import '@wrr/grpc-js/register';
    import { experimental } from '@grpc/grpc-js';
    ${registered}`;
  expect(run('module', program)).toBe('true');
});

it('registers nothing before it is told to', () => {
  const program = `import '@wrr/grpc-js';
    import { experimental } from '@grpc/grpc-js';
    ${registered}`;
  expect(run('module', program)).toBe('false');
});

// Node.js can require ES modules without a flag since 20.19.
it('can be required, and shares grpc-js with the program', () => {
  const program = `require('@wrr/grpc-js').register();
    const { experimental } = require('@grpc/grpc-js');
    ${registered}`;
  expect(run('commonjs', program)).toBe('true');
});
