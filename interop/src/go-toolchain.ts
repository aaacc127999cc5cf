import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { binaryFolder, interopFolder } from './folders.ts';

/** What can be built here from Go sources: where, and with which arguments. */
const recipes = {
  /** Our Go program on clientv3 3.5: etcd's resolver passes metadata to the balancer. */
  'wrr-go-3.5': { folder: 'go', args: ['build', '-modfile=etcd-3.5.mod'] },
  /** The same on clientv3 3.6: etcd's resolver passes addresses only. */
  'wrr-go-3.6': { folder: 'go', args: ['build'] },
  /** etcd's own server, the current 3.6. */
  'etcd-3.6': { folder: 'etcd-server', args: ['build'] },
  /** The player of recorded traces to aegis's breaker. */
  'aegis.test': { folder: 'aegis', args: ['test', '-c'] },
} as const;

/** Name of a binary that {@link buildGo} makes. */
export type GoBinary = keyof typeof recipes;

/** Go with all modules the tests need, or the reason why they cannot be had. */
export type GoSearch =
  | { readonly kind: 'found'; readonly go: string; readonly version: string }
  | { readonly kind: 'missing'; readonly reason: string };

const run = promisify(execFile);
/** The first build of etcd's server takes one to several minutes. */
const BUILD_TIMEOUT_MS = 900_000;

/** Finds the `go` command on PATH or where its installer puts it. */
export async function findGo(): Promise<GoSearch> {
  const { PATH = '' } = process.env;
  for (const folder of [...PATH.split(delimiter), '/usr/local/go/bin', '/usr/lib/go/bin']) {
    if (folder === '') continue;
    const go = join(folder, 'go');
    try {
      const { stdout } = await run(go, ['version'], { timeout: 20_000 });
      return { kind: 'found', go, version: stdout.trim() };
    } catch {
      // Not there: look further.
    }
  }
  return { kind: 'missing', reason: 'no go command on PATH or in /usr/local/go/bin' };
}

/** A built binary's path, or the reason why its modules cannot be had. */
export type GoBuild =
  | { readonly kind: 'built'; readonly path: string }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Builds one of our binaries; what Go has in its cache takes about a second.
 *
 * @throws {Error} with the compiler's words if our sources do not compile. Modules that cannot be
 * fetched (or that want a newer Go) are no error: then the result says so.
 */
export async function buildGo(name: GoBinary): Promise<GoBuild> {
  const search = await findGo();
  if (search.kind === 'missing') return search;
  const { folder, args } = recipes[name];
  const path = join(binaryFolder, name);
  await mkdir(binaryFolder, { recursive: true });
  const options = {
    cwd: join(interopFolder, folder),
    timeout: BUILD_TIMEOUT_MS,
    maxBuffer: 16 << 20,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-buildvcs=false' },
  };
  const modFile = args.filter((argument) => argument.startsWith('-modfile'));
  try {
    await run(search.go, [...args, '-trimpath', '-ldflags=-s -w', '-o', path, '.'], options);
    return { kind: 'built', path };
  } catch (error) {
    const download = run(search.go, ['mod', 'download', ...modFile], options);
    const reason = await download.then(() => undefined, String);
    if (reason === undefined) throw error;
    return { kind: 'missing', reason: `Go modules of interop/${folder}: ${reason}` };
  }
}

/**
 * Builds the binaries a test file needs. Resolves to their paths; or, where there is no Go or its
 * modules cannot be fetched, to `undefined` after a loud warning: the tests are then to be skipped.
 */
export async function goForTests<N extends GoBinary>(
  ...names: readonly N[]
): Promise<Readonly<Record<N, string>> | undefined> {
  const paths: Partial<Record<N, string>> = {};
  for (const name of names) {
    const built = await buildGo(name);
    if (built.kind === 'missing') {
      console.warn(`\n*** INTEROP TESTS SKIPPED: ${built.reason}\n`);
      return undefined;
    }
    paths[name] = built.path;
  }
  return paths as Record<N, string>;
}
