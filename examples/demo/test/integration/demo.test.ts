import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const main = join(import.meta.dirname, '../../dist/main.js');

interface Report {
  readonly registry: string;
  readonly promises: readonly { readonly promise: string; readonly kept: boolean }[];
}

function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

it('tells its story to the end with a registry in memory', { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await demo('--registry', 'memory', '--json');
  const report: Report = JSON.parse(stdout);
  expect(report.registry).toBe('memory');
  expect(report.promises.map(({ promise }) => promise)).toHaveLength(12);
  // Times, and shares to the last call, need a machine with time to spare: an attempt that is slow
  // for its sake is made again elsewhere. That no call fails needs nothing.
  const broken = report.promises.filter(
    ({ kept, promise }) => !kept && /no call|no more/.test(promise),
  );
  expect(broken, stderr).toEqual([]);
  expect(code).toBe(report.promises.every(({ kept }) => kept) ? 0 : 1);
});

it.each([
  [['--registry', 'consul'], '--registry must be etcd or memory, got consul'],
  [['--speed', '9'], "Unknown option '--speed'"],
])('%j is a wrong command line', async (args, message) => {
  const { code, stdout, stderr } = await demo(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
