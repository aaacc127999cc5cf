import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { etcdForTests, startEtcd } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

const available = await etcdForTests();

describe.skipIf(!available)("the guide's code", () => {
  it('runs as it stands, and ends by itself', async () => {
    const etcd = await startEtcd();
    try {
      await etcd.api.put('shop/config/settings', '{"a":1}');
      const path = fileURLToPath(new URL('guide-process.js', import.meta.url));
      const env = { ...process.env, ETCD: etcd.endpoint, NODE_OPTIONS: '' };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { env });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/127\.0\.0\.1:\d+=7\n/);
      expect(stdout).toMatch(/127\.0\.0\.1:\d+=0\n/);
      expect(stdout).toMatch(/settings at \d+: \{"a":1\}/);
      expect(stdout).toMatch(/done\n$/);
      expect(await etcd.api.list('shop/service/user/')).toEqual([]);
    } finally {
      await etcd.stop();
    }
  });
});
