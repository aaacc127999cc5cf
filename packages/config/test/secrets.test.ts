import { inspect } from 'node:util';
import { loadConfig, maskSecrets, readRegistryOptions } from '@wrr/config';
import { describe, expect, it } from 'vitest';
import { temporaryFile } from './sample.ts';

const SECRET = 'hunter2';

describe('a secret in the wrong place', () => {
  it.each([
    `registry: { credentials: { username: root, password: ${SECRET} } }`,
    `registry: { credentials: { username: { env: U }, password: [${SECRET}] } }`,
    `registry: { credentials: ${SECRET} }`,
    `registry: { hosts: ["http://root:${SECRET}@etcd:2379"] }`,
    `registry: { hosts: "https://root:${SECRET}@etcd:2379" }`,
    `registry: { tls: { keyFile: ["-----BEGIN PRIVATE KEY-----${SECRET}"] } }`,
    `services: { a: { target: "etcd://root:${SECRET}@etcd:2379/ a" } }`,
    `server: { token: ${SECRET} }`,
    `registry: { credentials: { password: "${SECRET} } }`,
    `registry: { credentials: { password: ${SECRET}: } }`,
    `password: |\n ${SECRET}\n${SECRET}`,
    `password: !${SECRET} x`,
  ])('is an error that does not show it: %s', async (text) => {
    const error: unknown = await loadConfig(await temporaryFile(text), { env: {} }).catch((e) => e);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });

  it('is not shown when it comes from the environment', async () => {
    const env = { WRR_REGISTRY__CREDENTIALS__PASSWORD: SECRET };
    const error: unknown = await loadConfig(await temporaryFile('registry: {}'), { env }).catch(
      (e) => e,
    );
    expect(String(error)).toContain('env WRR_REGISTRY__CREDENTIALS__PASSWORD registry.credentials');
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
  });
});

it('masks what looks like a secret for people, and shows references', async () => {
  const file = await temporaryFile(`
registry:
  credentials: { username: { env: ETCD_USER }, password: { file: /run/secrets/etcd } }
services: { a: { target: "etcd://root:${SECRET}@etcd:2379/a" } }
server: { service: a, address: "a:1", metadata: { apiToken: ${SECRET}, zone: z, nested: { Password: [${SECRET}] } } }
`);
  const { settings } = await loadConfig(file, { env: {} });
  const masked = maskSecrets(settings);
  expect(JSON.stringify(masked)).not.toContain(SECRET);
  expect(masked).toMatchObject({
    registry: { credentials: { username: { env: 'ETCD_USER' } } },
    services: { a: { target: 'etcd://***@etcd:2379/a' } },
    server: { metadata: { apiToken: '***', zone: 'z', nested: { Password: ['***'] } } },
  });
});

const options = async (text: string, env = {}) => {
  const { settings } = await loadConfig(await temporaryFile(text), { env: {} });
  if (settings.registry === undefined) throw new Error('no registry');
  return readRegistryOptions(settings.registry, env);
};

const credentials = (username: string) =>
  `registry: { credentials: { username: ${username}, password: { env: P } } }`;

describe('references', () => {
  it('lead to what they name, which does not show', async () => {
    const password = await temporaryFile(`${SECRET}\n`, 'password');
    const key = await temporaryFile('-----BEGIN KEY-----', 'key.pem');
    const read = await options(
      `registry:
  hosts: [https://etcd:2379]
  credentials: { username: { env: ETCD_USER }, password: { file: "${password}" } }
  tls: { certFile: "${key}", keyFile: "${key}", serverName: etcd }`,
      { ETCD_USER: 'root' },
    );
    expect(read.hosts).toEqual(['https://etcd:2379']);
    expect(read.auth?.username).toBe('root');
    expect(read.auth?.password).toBe(SECRET);
    expect(read.tls?.key).toBe('-----BEGIN KEY-----');
    expect(read.tls?.serverName).toBe('etcd');
    for (const shown of [inspect(read, { depth: 10 }), JSON.stringify(read)]) {
      expect(shown).toContain('***');
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain('BEGIN KEY');
      expect(shown).not.toContain('root');
    }
  });

  it('that lead nowhere are named', async () => {
    await expect(options(credentials('{ env: ETCD_USER }'))).rejects.toThrow(
      'registry.credentials.username: environment variable ETCD_USER is not set',
    );
    await expect(options(credentials('{ file: /nowhere }'))).rejects.toThrow(
      'registry.credentials.username: cannot read /nowhere',
    );
  });

  it.each([
    ['tls: { certFile: a }', 'registry.tls: must have both certFile and keyFile, or neither'],
    ['hosts: ["http://a:1", "https://b:1"]', 'registry.hosts: must all be http, all be https'],
    ['hosts: ["http://a:1"], tls: {}', 'registry: has tls, but its hosts say http'],
    ['credentials: { username: { env: A } }', 'registry.credentials.password: must be a reference'],
  ])('and certificates must fit: %s', async (text, problem) => {
    await expect(options(`registry: { ${text} }`)).rejects.toThrow(problem);
  });
});
