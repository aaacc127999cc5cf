import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type EtcdServer, etcdForTests, startEtcd } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../..');

describe.runIf(await etcdForTests())('the README example', () => {
  let etcd: EtcdServer;
  let server: ChildProcess | undefined;

  const run = (script: string): ChildProcess =>
    spawn(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, ETCD: etcd.endpoint },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await etcd.stop();
  });

  it('calls the server that has registered itself, and both end by themselves', async () => {
    server = run('server.js');
    const [line] = await once(server.stdout!, 'data');
    expect(String(line)).toMatch(/^serving on port \d+\n$/);

    const client = run('client.js');
    const [printed, [clientCode]] = await Promise.all([text(client.stdout!), once(client, 'exit')]);
    expect(printed).toBe("{ id: '42', servedBy: 'quickstart' }\n");
    expect(clientCode).toBe(0);

    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
