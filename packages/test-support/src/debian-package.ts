import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for a slow mirror; apt itself gives up on a dead one earlier. */
const TIMEOUT_MS = 180_000;

/**
 * Downloads a Debian package into `folder` without root and returns the file's path. Uses the
 * machine's package lists if there are any, else lists of its own inside `folder`.
 *
 * @throws {Error} with apt's last words when that is impossible.
 */
export async function downloadDebianPackage(
  name: string,
  folder: string,
  onProgress: (message: string) => void,
): Promise<string> {
  // apt downloads as its own user when it can, and that one must be able to write here.
  await chmod(folder, 0o777);
  onProgress(`downloading Debian's package ${name}`);
  try {
    await apt(folder, ['download', name]);
  } catch {
    onProgress("fetching Debian's package lists (once)");
    const state = join(folder, 'apt');
    await mkdir(join(state, 'lists', 'partial'), { recursive: true });
    await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
    const own = [
      '-o',
      `Dir::State=${state}`,
      '-o',
      `Dir::State::status=/var/lib/dpkg/status`,
      '-o',
      `Dir::Cache=${join(state, 'cache')}`,
      '-o',
      'APT::Sandbox::User=',
      '-o',
      'Debug::NoLocking=1',
    ];
    await apt(folder, [...own, 'update']);
    onProgress(`downloading Debian's package ${name}`);
    await apt(folder, [...own, 'download', name]);
  }
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.deb'));
  if (!file) throw new Error(`apt-get download ${name} left no package behind`);
  return join(folder, file);
}

async function apt(cwd: string, args: readonly string[]): Promise<void> {
  const options = ['-q', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=1'];
  try {
    await run('apt-get', [...options, ...args], { cwd, timeout: TIMEOUT_MS });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`apt-get ${args.at(-2)} ${args.at(-1)}: ${(stderr || message).trim()}`, {
      cause: error,
    });
  }
}
