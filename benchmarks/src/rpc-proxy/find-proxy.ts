import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadDebianPackage, workspaceRoot } from '@wrr/test-support';

const run = promisify(execFile);

/** A proxy's program, and what it needs to be looked for. */
export interface ProxyProgram {
  readonly name: string;
  /** Debian's packages that hold it and the libraries that a plain system lacks. */
  readonly packages: readonly string[];
  readonly versionFlag: string;
}

/** A program that runs here. */
export interface FoundProxy {
  readonly binary: string;
  /** Such as `nginx version: nginx/1.22.1`. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
}

export const nginx: ProxyProgram = { name: 'nginx', packages: ['nginx'], versionFlag: '-v' };
export const haproxy: ProxyProgram = {
  name: 'haproxy',
  packages: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
  versionFlag: '-v',
};

/**
 * Finds a proxy: on `PATH` or in `/usr/sbin`, unpacked earlier, or in Debian's packages, fetched with
 * apt and unpacked without root into `.cache/<name>` of the workspace. `undefined` if there is none.
 */
export async function findProxy(
  program: ProxyProgram,
  onProgress: (message: string) => void = () => {},
): Promise<FoundProxy | undefined> {
  const { PATH = '' } = process.env;
  for (const folder of [...PATH.split(delimiter), '/usr/sbin']) {
    const found = folder && (await check(program, join(folder, program.name), process.env));
    if (found) return found;
  }
  const cache = join(workspaceRoot(), '.cache', program.name);
  if (!existsSync(cache)) {
    try {
      await unpack(program, cache, onProgress);
    } catch (error) {
      onProgress(`no ${program.name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
  const libraries = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const env = { ...process.env, LD_LIBRARY_PATH: join(cache, 'usr', 'lib', libraries) };
  return check(program, join(cache, 'usr', 'sbin', program.name), env);
}

/** Unpacks beside the cache and renames, so that nobody sees half a package. */
async function unpack(
  { packages }: ProxyProgram,
  cache: string,
  onProgress: (message: string) => void,
): Promise<void> {
  await mkdir(join(cache, '..'), { recursive: true });
  const fresh = await mkdtemp(`${cache}-unpacking-`);
  try {
    for (const name of packages) {
      const scratch = await mkdtemp(join(tmpdir(), 'wrr-proxy-package-'));
      const file = await downloadDebianPackage(name, scratch, onProgress);
      await run('dpkg-deb', ['-x', file, fresh]);
      await rm(scratch, { recursive: true, force: true });
    }
    await rename(fresh, cache);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function check(
  { versionFlag }: ProxyProgram,
  binary: string,
  env: NodeJS.ProcessEnv,
): Promise<FoundProxy | undefined> {
  try {
    const { stdout, stderr } = await run(binary, [versionFlag], { env, timeout: 10_000 });
    const [version = ''] = `${stdout}${stderr}`.trim().split('\n');
    return { binary, version, env };
  } catch {
    return undefined;
  }
}
