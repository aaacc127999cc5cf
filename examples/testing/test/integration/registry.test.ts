import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('prints nginx order and ends by itself', async () => {
  const cwd = join(import.meta.dirname, '../..');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['registry.js'], { cwd });
  expect({ stdout, stderr }).toEqual({ stdout: 'first first second first\n', stderr: '' });
});
