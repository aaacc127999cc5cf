import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type EtcdServer, etcdForTests, findFreePort, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../..');

describe.runIf(await etcdForTests())('the settings example', () => {
  let etcd: EtcdServer;
  let directory: string;
  let file: string;
  const children: ChildProcess[] = [];
  const addresses: string[] = [];
  const lines: Record<string, number>[] = [];

  const run = (script: string, env: Record<string, string>): ChildProcess => {
    const child = spawn(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, SETTINGS: file, WRR_REGISTRY__HOSTS: `["${etcd.endpoint}"]`, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  };
  const edit = async (change: (text: string) => string): Promise<void> => {
    await writeFile(`${file}~`, change(await readFile(file, 'utf8')));
    await rename(`${file}~`, file);
  };
  /** Waits until the client prints these shares of 60 calls. */
  const shares = (...expected: readonly number[]) =>
    waitFor(() => addresses.every((address, i) => lines.at(-1)?.[address] === expected[i]));

  beforeAll(async () => {
    etcd = await startEtcd();
    directory = await mkdtemp(join(tmpdir(), 'wrr-example-'));
    file = join(directory, 'wrr.yaml');
    await cp(join(folder, 'wrr.yaml'), file);
    await edit((text) => text.replace('window: 10s', 'window: 100ms'));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await etcd.stop();
    await rm(directory, { recursive: true });
  });

  it('follows the file, the key and the server’s weight, without a failed call', async () => {
    for (let i = 0; i < 2; i++) {
      const address = `127.0.0.1:${await findFreePort()}`;
      addresses.push(address);
      const server = run('server.js', { WRR_SERVER__ADDRESS: `"${address}"` });
      if (server.stdout === null) throw new Error('no output');
      const [line] = await once(server.stdout, 'data');
      expect(String(line)).toBe(`serving on ${address}\n`);
    }
    const client = run('client.js', {});
    if (client.stdout === null) throw new Error('no output');
    createInterface(client.stdout).on('line', (line) => {
      lines.push(JSON.parse(line) as Record<string, number>);
    });
    await shares(30, 30);

    const [first, second] = addresses;
    const weights = (a: number, b: number) => `weights: { "${first}": ${a}, "${second}": ${b} }`;
    await edit((text) => text.replace(/(target: .*)/, `$1\n    ${weights(5, 1)}`));
    await shares(50, 10);
    await etcd.api.put('settings/client', `services: { user: { ${weights(1, 2)} } }`);
    await shares(20, 40);
    await etcd.api.put('settings/client', `services: { user: { ${weights(-1, 2)} } }`); // rejected
    await edit((text) => text.replace(weights(5, 1), weights(3, 1)));
    await etcd.api.delete('settings/client');
    await shares(45, 15);
    await edit((text) => text.replace(`    ${weights(3, 1)}\n`, ''));
    await shares(30, 30);
    await etcd.api.put('settings/server', 'server: { weight: 7 }'); // both servers
    await edit((text) => text.replace(/(target: .*)/, `$1\n    weights: { "${first}": 14 }`));
    await shares(40, 20);

    const ended = once(client, 'exit');
    client.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const answers = new Set(lines.flatMap((line) => Object.keys(line)));
    expect([...answers].sort()).toEqual([...addresses].sort());
  }, 60_000);
});
