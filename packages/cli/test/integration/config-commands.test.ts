import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@wrr/config';
import { describe, expect, it, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../../bin/wrr.js', import.meta.url));
const SECRET = 'hunter2';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command. */
function wrr(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function temporaryFile(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'wrr-cli-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'wrr.yaml');
  await writeFile(file, text);
  return file;
}

const GOOD = `registry:
  hosts: [10.0.0.1:2379]
  credentials: { username: { env: ETCD_USER }, password: { env: ETCD_PASSWORD } }
services:
  user:
    target: etcd:///service/user
    circuitBreaker: { open: 2s }
    failover: { methods: all }
server: { service: service/user, address: "10.0.0.3:50051", metadata: { apiToken: ${SECRET} } }
`;
const BAD = 'services:\n  user:\n    target: x\n    circuitBraker: {}\n    minAvailable: 5\n';
const env = { ETCD_USER: SECRET, ETCD_PASSWORD: SECRET, WRR_SERVICES__USER__MIN_AVAILABLE: '0.7' };

describe('wrr config check', () => {
  it('says that a file is right', async () => {
    const file = await temporaryFile(GOOD);
    const { code, stdout, stderr } = await wrr(['config', 'check', file], env);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${file}: ok, 1 service\n`,
      stderr: '',
    });
  });

  it('says on stderr, line by line, what is wrong with several files, and exits with 2', async () => {
    const [good, bad, broken] = [
      await temporaryFile(GOOD),
      await temporaryFile(BAD),
      await temporaryFile('{'),
    ];
    const { code, stdout, stderr } = await wrr(['config', 'check', good, bad, broken]);
    expect(code).toBe(2);
    expect(stdout).toBe(`${good}: ok, 1 service\n`);
    expect(stderr.split('\n')).toEqual([
      `${bad}:4:5 services.user.circuitBraker: unknown key (did you mean circuitBreaker?)`,
      `${bad}:5:19 services.user.minAvailable: must be <= 1, got 5`,
      expect.stringMatching(/:1:2 Flow map .*must .*end with a }$/),
      '',
    ]);
  });

  it('checks the environment with the file, unless told not to', async () => {
    const file = await temporaryFile(GOOD);
    const wrong = { WRR_SERVER__WEIGHT: 'heavy' };
    const { code, stderr } = await wrr(['config', 'check', file], wrong);
    expect(code).toBe(2);
    expect(stderr).toBe('env WRR_SERVER__WEIGHT server.weight: must be a number, got "heavy"\n');
    expect((await wrr(['config', 'check', '--no-env', file], wrong)).code).toBe(0);
  });
});

describe('wrr config print', () => {
  it('shows effective settings with their origins, and no secrets', async () => {
    const file = await temporaryFile(GOOD);
    const { code, stdout } = await wrr(['config', 'print', file], env);
    expect(code).toBe(0);
    for (const line of [
      `  hosts: [ 10.0.0.1:2379 ] # ${file}:2:10`,
      `      env: ETCD_PASSWORD # ${file}:3:65`,
      `      open: 2s # ${file}:7:29`,
      '      probes: 3 # default',
      '    minAvailable: 0.7 # env WRR_SERVICES__USER__MIN_AVAILABLE',
      `    apiToken: "***" # ${file}:9:83`,
    ]) {
      expect(stdout.split('\n')).toContain(line);
    }
    expect(stdout).not.toContain(SECRET);
  });

  it('prints a file that gives the same settings', async () => {
    const first = await loadConfig(await temporaryFile(GOOD), { env: {} });
    const { stdout } = await wrr(['config', 'print', await temporaryFile(GOOD)]);
    const again = await loadConfig(await temporaryFile(stdout), { env: {} });
    expect(again.settings.services).toEqual(first.settings.services);
    expect(again.settings.registry).toEqual(first.settings.registry);
  });

  it('prints JSON for programs', async () => {
    const file = await temporaryFile(GOOD);
    const byFlag = await wrr(['config', 'print', file, '-o', 'json'], env);
    const byVariable = await wrr(['config', 'print', file], { ...env, WRR_OUTPUT: 'json' });
    expect(byVariable.stdout).toBe(byFlag.stdout);
    expect(byFlag.stdout).not.toContain(SECRET);
    expect(JSON.parse(byFlag.stdout)).toMatchObject({
      settings: { services: { user: { minAvailable: 0.7, circuitBreaker: { open: '2s' } } } },
      origins: {
        'services.user.minAvailable': 'env WRR_SERVICES__USER__MIN_AVAILABLE',
        'services.user.circuitBreaker.open': `${file}:7:29`,
        'services.user.circuitBreaker.probes': 'default',
        'registry.hosts': `${file}:2:10`,
      },
    });
  });

  it('exits with 2 when the file is wrong, and prints nothing', async () => {
    const { code, stdout } = await wrr(['config', 'print', await temporaryFile(BAD)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

it('wrr config schema prints what editors need', async () => {
  const { code, stdout } = await wrr(['config', 'schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ title: 'wrr settings', type: 'object' });
});

describe('wrong usage', () => {
  it.each([
    [['config', 'chek'], "unknown command 'chek'\n(Did you mean check?)"],
    [['cofnig'], "unknown command 'cofnig'\n(Did you mean config?)"],
    [['config', 'check'], "missing required argument 'file'"],
    [['config', 'print', 'x', '-o', 'toml'], 'Allowed choices are yaml, json.'],
    [['config', 'check', '--fast', 'x'], "unknown option '--fast'"],
    [['config', 'check', '/nowhere/wrr.yaml'], '/nowhere/wrr.yaml:1:1 cannot be read: ENOENT'],
  ])('%j exits with 2 and says what is wrong', async (args, message) => {
    const { code, stdout, stderr } = await wrr(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });

  it('help is no error', async () => {
    const { code, stdout } = await wrr(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes: 0 ok');
  });
});
