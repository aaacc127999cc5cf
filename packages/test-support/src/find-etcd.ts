import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadDebianPackage } from './debian-package.ts';
import { workspaceRoot } from './workspace-root.ts';

/** An etcd that runs here, or the reasons why there is none. */
export type EtcdSearch =
  | {
      readonly kind: 'found';
      /** Path of the server's binary. */
      readonly binary: string;
      /** Such as `3.4.23`. */
      readonly version: string;
      readonly from: 'ETCD_BIN' | 'PATH' | 'cache' | 'Debian package';
    }
  | { readonly kind: 'missing'; readonly reasons: readonly string[] };

/** Options of {@link findEtcd}. */
export interface FindEtcdOptions {
  /** Told what is being done when it takes long, such as `downloading Debian's etcd-server`. */
  readonly onProgress?: (message: string) => void;
}

let search: Promise<EtcdSearch> | undefined;

/**
 * Finds an etcd server: the one `ETCD_BIN` names, the one on `PATH`, the one unpacked earlier, or
 * Debian's package, fetched with apt and unpacked without root into `.cache/etcd` of the workspace.
 *
 * An `ETCD_BIN` that does not work is not passed over: whoever set it wanted that one.
 */
export function findEtcd(options: FindEtcdOptions = {}): Promise<EtcdSearch> {
  search ??= look(options.onProgress ?? (() => {}));
  return search;
}

/**
 * Says whether tests can have an etcd. If not, warns loudly, and in CI (`CI=true`) throws: there a
 * skipped test would pass for a passed one.
 */
export async function etcdForTests(): Promise<boolean> {
  const found = await findEtcd({ onProgress: (message) => console.warn(`[etcd] ${message} …`) });
  if (found.kind === 'found') return true;
  const message = `no etcd to be had: ${found.reasons.join('; ')}`;
  const { CI } = process.env;
  if (CI === 'true') throw new Error(message);
  console.warn(`\n*** TESTS SKIPPED: ${message}\n`);
  return false;
}

async function look(onProgress: (message: string) => void): Promise<EtcdSearch> {
  const { ETCD_BIN: wanted, PATH = '' } = process.env;
  if (wanted) {
    const version = await versionOf(wanted);
    if (version) return { kind: 'found', binary: wanted, version, from: 'ETCD_BIN' };
    return { kind: 'missing', reasons: [`ETCD_BIN=${wanted} does not run`] };
  }

  for (const folder of PATH.split(delimiter)) {
    const binary = join(folder, 'etcd');
    const version = folder && (await versionOf(binary));
    if (version) return { kind: 'found', binary, version, from: 'PATH' };
  }

  const cache = join(workspaceRoot(), '.cache', 'etcd');
  const cached = join(cache, 'usr', 'bin', 'etcd');
  const version = await versionOf(cached);
  if (version) return { kind: 'found', binary: cached, version, from: 'cache' };

  const reasons = ['ETCD_BIN is not set', 'no etcd on PATH', 'none in .cache/etcd'];
  try {
    await unpackInto(cache, onProgress);
    const fresh = await versionOf(cached);
    if (fresh) return { kind: 'found', binary: cached, version: fresh, from: 'Debian package' };
    reasons.push("the binary of Debian's package does not run here");
  } catch (error) {
    reasons.push(error instanceof Error ? error.message : String(error));
  }
  return { kind: 'missing', reasons };
}

/** Unpacks beside the cache and renames, so that a second caller never sees half a package. */
async function unpackInto(cache: string, onProgress: (message: string) => void): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'wrr-etcd-package-'));
  const parent = join(cache, '..');
  await mkdir(parent, { recursive: true });
  const fresh = await mkdtemp(join(parent, 'etcd-unpacking-'));
  try {
    const file = await downloadDebianPackage('etcd-server', scratch, onProgress);
    await promisify(execFile)('dpkg-deb', ['-x', file, fresh]);
    await rename(fresh, cache).catch(async (error: unknown) => {
      // Someone else was faster: theirs is as good. Half a cache (no binary) gives way to ours.
      if (await versionOf(join(cache, 'usr', 'bin', 'etcd'))) return;
      await rm(cache, { recursive: true, force: true });
      await rename(fresh, cache).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Runs `binary --version`; `undefined` when it cannot be run or is no etcd. */
async function versionOf(binary: string): Promise<string | undefined> {
  try {
    await access(binary, constants.X_OK);
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 });
    return /etcd Version: (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
