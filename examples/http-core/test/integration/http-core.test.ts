import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../..');

it('not one call fails when a server is killed, comes back, and another one hangs', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: folder });
  const scenes = stdout.split('\n').filter((line) => line.includes(' calls, '));
  expect(scenes).toHaveLength(4);
  for (const scene of scenes) expect(scene).toMatch(/ [1-9]\d* calls, 0 failed,/);
  expect(scenes[0]).toMatch(/shares (5[3-8]) % (3[1-6]) % (9|1[0-3]) %/);
  expect(stdout).toMatch(/'(open|half-open)'/);
});
