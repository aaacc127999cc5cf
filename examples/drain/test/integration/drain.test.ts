import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type EtcdServer, etcdForTests, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../..');

describe.runIf(await etcdForTests())('the drain example', () => {
  let etcd: EtcdServer;
  const children: ChildProcess[] = [];

  const run = (script: string, NAME = ''): { child: ChildProcess; lines: string[] } => {
    const child = spawn(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, ETCD: etcd.endpoint, NAME },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    return { child, lines };
  };

  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await etcd.stop();
  });

  it('loses no call when a server gets SIGTERM', { timeout: 60_000 }, async () => {
    const [first, second] = [run('server.js', 'first'), run('server.js', 'second')];
    await waitFor(() => first.lines.length > 0 && second.lines.length > 0, { timeoutMs: 30_000 });
    const client = run('client.js');
    const named = (name: string): number =>
      client.lines.filter((line) => Object.hasOwn(JSON.parse(line), name)).length;
    await waitFor(() => named('first') > 2 && named('second') > 2, { timeoutMs: 30_000 });

    const left = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    expect(await left).toEqual([0, null]);
    expect(first.lines).toEqual(['first serves', 'first has left']);

    const before = client.lines.length;
    await waitFor(() => client.lines.length > before + 5, { timeoutMs: 30_000 });
    const ended = once(client.child, 'exit');
    client.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);

    const answers = client.lines.flatMap((line) => Object.keys(JSON.parse(line)));
    expect(new Set(answers)).toEqual(new Set(['first', 'second'])); // no 'failed: …'
    expect(Object.keys(JSON.parse(client.lines.at(-2)!))).toEqual(['second']);
  });
});
