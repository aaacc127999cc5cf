// `pnpm test:matrix`: runs the tests of @wrr/grpc-js on each supported version of grpc-js and of
// Node.js, and prints a table. Versions are installed by npm into the git-ignored .cache.
//
//   node packages/grpc-js/matrix/run.js [--grpc 1.14.0,1.14.7] [--node 20,24] [--json FILE]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = new URL('../../..', import.meta.url).pathname;
const cache = join(root, '.cache', 'matrix');
const { values } = parseArgs({
  options: {
    grpc: { type: 'string', default: '1.14.0,1.14.3,1.14.5,1.14.7' },
    node: { type: 'string', default: '20,22,24,26' },
    json: { type: 'string' },
  },
});

/** Installs one package into a folder of its own and returns the folder of the package. */
function install(name, version) {
  const prefix = join(cache, `${name.replace('/', '-')}-${version}`);
  const folder = join(prefix, 'node_modules', name);
  if (!existsSync(join(folder, 'package.json'))) {
    const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund'];
    execFileSync('npm', [...args, `${name}@${version}`], { stdio: 'inherit' });
  }
  return folder;
}

function run(node, grpc) {
  const report = join(tmpdir(), `wrr-matrix-${process.pid}.json`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(root, 'packages', 'grpc-js', 'matrix', 'vitest.config.ts');
  const args = ['run', '--config', config, '--reporter=json', `--outputFile=${report}`];
  rmSync(report, { force: true });
  const { status } = spawnSync(node, [vitest, ...args], {
    cwd: root,
    env: { ...process.env, WRR_GRPC_JS: grpc },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (!existsSync(report)) return { passed: 0, failed: 1, names: [`vitest ended with ${status}`] };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const names = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status === 'failed')
    .map(({ fullName }) => fullName);
  return { passed: numPassedTests, failed: numFailedTests, names };
}

const rows = [];
for (const nodeVersion of values.node.split(',')) {
  const node = join(install('node', nodeVersion), 'bin', 'node');
  const nodeName = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  for (const grpcVersion of values.grpc.split(',')) {
    const result = run(node, install('@grpc/grpc-js', grpcVersion));
    rows.push({ node: nodeName, grpc: grpcVersion, ...result });
    const words = result.failed === 0 ? `${result.passed} passed` : `${result.failed} FAILED`;
    console.log(`Node ${nodeName}  grpc-js ${grpcVersion}  ${words}`);
    for (const name of result.names) console.log(`  - ${name}`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 2));
process.exitCode = rows.every(({ failed }) => failed === 0) ? 0 : 1;
