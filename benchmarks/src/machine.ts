import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Where and with what a run was made. */
export interface Machine {
  readonly date: string;
  /** What was measured, if it is a git checkout: a commit, with a + when files differ from it. */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Load average of the last minute when the run began: other work on the machine. */
  readonly load: number;
  readonly packages: Readonly<Record<string, string>>;
}

/** Describes this machine and the versions of `packages`, which must be dependencies of this one. */
export function describeMachine(packages: readonly string[]): Machine {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

function commit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

const require = createRequire(import.meta.url);

/** Version of an installed package, also of one that does not export its package.json. */
export function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    const manifest = readManifest(join(folder, name, 'package.json'));
    if (manifest !== undefined) return manifest;
  }
  return 'not installed';
}

function readManifest(path: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) {
      return undefined;
    }
    return String(manifest.version);
  } catch {
    return undefined;
  }
}
