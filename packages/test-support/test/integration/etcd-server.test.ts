import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  createCertificates,
  etcdForTests,
  startEtcd,
  startEtcdCluster,
  waitFor,
} from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

const available = await etcdForTests();

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(!available)('startEtcd', () => {
  it('keeps its data over a crash and loses it when wiped', async () => {
    const etcd = await startEtcd();
    try {
      await etcd.api.put('a', '1');
      await etcd.kill();
      await expect(etcd.api.get('a')).rejects.toThrow();
      await etcd.restart();
      expect((await etcd.api.get('a'))?.value).toBe('1');
      await etcd.kill();
      await etcd.wipe();
      await etcd.restart();
      expect(await etcd.api.get('a')).toBeUndefined();
    } finally {
      await etcd.stop();
      await etcd.stop();
    }
    expect(existsSync(etcd.dataDir)).toBe(false);
  });

  it('holds still while paused', async () => {
    const etcd = await startEtcd();
    try {
      etcd.pause();
      const answer = etcd.api.put('a', '1').then(() => 'answered');
      expect(await Promise.race([answer, new Promise((r) => setTimeout(r, 200, 'silent'))])).toBe(
        'silent',
      );
      etcd.resume();
      expect(await answer).toBe('answered');
    } finally {
      await etcd.stop();
    }
  });

  it('leaves no process and no data when its owner is killed', async () => {
    const source = `import { startEtcd } from '@wrr/test-support';
      const etcd = await startEtcd();
      console.log(JSON.stringify({ pid: etcd.pid, dataDir: etcd.dataDir }));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) =>
      owner.stdout.once('data', (chunk) => resolve(String(chunk))),
    );
    const { pid, dataDir } = JSON.parse(line) as { pid: number; dataDir: string };
    expect(runs(pid)).toBe(true);
    owner.kill('SIGKILL');
    await waitFor(() => !runs(pid) && !existsSync(dataDir), { what: 'the guard to clean up' });
  });

  it('serves TLS with certificates made here', async () => {
    const certificates = await createCertificates();
    const etcd = await startEtcd({
      tls: { ...certificates.server, clientCaFile: certificates.caFile },
    });
    await etcd.stop();
    await certificates.remove();
  });
});

describe.skipIf(!available)('startEtcdCluster', () => {
  it('keeps serving when one of three dies, and takes it back', async () => {
    const cluster = await startEtcdCluster();
    try {
      const [first, second, third] = cluster.members;
      await first?.api.put('a', '1');
      await first?.kill();
      await waitFor(async () => (await second?.api.get('a'))?.value === '1');
      await third?.api.put('a', '2');
      await first?.restart();
      expect((await first?.api.get('a'))?.value).toBe('2');
    } finally {
      await cluster.stop();
    }
  });
});
