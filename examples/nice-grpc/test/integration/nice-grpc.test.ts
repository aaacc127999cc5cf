import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { etcdForTests, startEtcd } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../..');

/** Runs the example, and returns what it printed when it has ended by itself. */
async function run(environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = spawn(process.execPath, ['main.js'], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(code).toBe(0);
  return printed;
}

/** By weight; then one of them hangs, and each call that meets it is answered by the other. */
const EXPECTED =
  /^first (first second|second first) first\n(retry: DEADLINE_EXCEEDED\n)+second second second second\n$/;

describe('the nice-grpc example', () => {
  it('works with a registry in its process', async () => {
    expect(await run()).toMatch(EXPECTED);
  });
});

describe.runIf(await etcdForTests())('the nice-grpc example, with etcd', () => {
  it('works with servers that it finds in etcd', async () => {
    const etcd = await startEtcd();
    try {
      expect(await run({ ETCD: etcd.endpoint })).toMatch(EXPECTED);
    } finally {
      await etcd.stop();
    }
  });
});
