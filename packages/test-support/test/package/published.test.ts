import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const packages = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifests = readdirSync(packages).map((folder): [string, Manifest] => [
  join(packages, folder),
  JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')),
]);
const published = manifests.filter(([, { private: isPrivate }]) => isPrivate !== true);
const names = published.map(([, { name }]) => name);

/** What users get: the packed tarballs, installed by npm into an empty project. */
describe('the packed packages', () => {
  let project: string;

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'wrr-packed-'));
    writeFileSync(join(project, 'package.json'), '{ "name": "user", "private": true }');
    for (const [folder] of published) {
      await run('pnpm', ['pack', '--pack-destination', project], { cwd: folder });
    }
    const tarballs = readdirSync(project).filter((file) => file.endsWith('.tgz'));
    const peers = published
      .flatMap(([, { peerDependencies = {} }]) => Object.entries(peerDependencies))
      .filter(([name]) => !names.includes(name))
      .map(([name, range]) => `${name}@${range}`);
    const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts'];
    const files = tarballs.map((file) => `./${file}`);
    await run('npm', [...install, ...files, ...new Set(peers)], { cwd: project });
  }, 300_000);

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const keysBy = async (script: string): Promise<string[]> => {
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: project });
    return JSON.parse(stdout);
  };

  it.each(names)('%s loads the same by import and by require', async (name) => {
    const print = '(m) => console.log(JSON.stringify(Object.keys(m).sort()))';
    const imported = await keysBy(`import('${name}').then(${print})`);
    const required = await keysBy(`(${print})(require('${name}'))`);
    expect(imported.length).toBeGreaterThan(0);
    // Newer versions of Node.js add this mark to what require() makes of a module.
    expect(required.filter((key) => key !== '__esModule')).toEqual(imported);
  });

  it.each(names)(
    '%s holds its code, types, licence and description, and no tests',
    async (name) => {
      const root = join(project, 'node_modules', name);
      const files = readdirSync(root, { recursive: true }).map(String);
      expect(files).toEqual(
        expect.arrayContaining(['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
      );
      expect(files.filter((file) => /(^|\/)test\/|tsbuildinfo/.test(file))).toEqual([]);
    },
  );
});
