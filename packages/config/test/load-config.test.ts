import { type Config, formatOrigin, isConfigError, loadConfig } from '@wrr/config';
import { describe, expect, it } from 'vitest';
import { SAMPLE, temporaryFile } from './sample.ts';

const load = async (text: string, env = {}): Promise<Config> =>
  loadConfig(await temporaryFile(text), { env });

/** What is wrong with a text, a line each, without the directory. */
async function problemsOf(text: string, env = {}): Promise<string[]> {
  const error: unknown = await load(text, env).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isConfigError(error)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  return error.message.split('\n').map((line) => line.replace(/^\S*\//, ''));
}

const service = (options: string) =>
  `services:\n  user:\n    target: etcd:///service/user\n    ${options}\n`;

describe('a valid file', () => {
  it('gives its values, and defaults for the rest', async () => {
    const { settings } = await load(SAMPLE);
    const { user } = settings.services;
    expect(user).toMatchObject({
      target: 'etcd:///service/user',
      weights: { '10.0.0.1:50051': 5, '10.0.0.2:50051': 1 },
      circuitBreaker: { consecutiveFailures: 3, open: '500ms', probes: 3, probeLease: '10s' },
      warmUp: { window: '30s', minimum: 0.1, afterUnavailable: '1s' },
      startPhase: 'random',
      dispatch: 'static',
    });
    expect(settings.services['order-api']).toMatchObject({
      circuitBreaker: false,
      failover: false,
    });
    expect(settings.server).toMatchObject({ weight: 5, ttlSeconds: 10 });
  });

  it('can be JSON, indented with tabs', async () => {
    const { settings } = await load('{\n\t"$schema": "x.json",\n\t"services": {}\n}');
    expect(settings.services).toEqual({});
  });

  it('says where each value comes from', async () => {
    const env = { WRR_SERVICES__USER__MIN_AVAILABLE: '0.9' };
    const { originOf } = await load(SAMPLE, env);
    const origin = (...path: string[]) => formatOrigin(originOf(path)).replace(/^\S*\//, '');
    expect(origin('services', 'user', 'circuitBreaker', 'open')).toBe('wrr.yaml:19:13');
    expect(origin('services', 'user', 'weights', '10.0.0.2:50051')).toBe('wrr.yaml:14:23');
    expect(origin('services', 'user', 'circuitBreaker', 'probes')).toBe('default');
    expect(origin('services', 'user', 'minAvailable')).toBe(
      'env WRR_SERVICES__USER__MIN_AVAILABLE',
    );
  });

  it('follows anchors', async () => {
    const { settings, originOf } = await load(
      'services:\n  a: &a { target: "dns:///a" }\n  b: *a\n',
    );
    const { b } = settings.services;
    expect(b?.target).toBe('dns:///a');
    expect(originOf(['services', 'b', 'target'])).toMatchObject({ kind: 'file', line: 2 });
  });
});

describe('a wrong file', () => {
  it.each([
    [
      'circuitBreaker: { probes: 0 }',
      'wrr.yaml:4:31 services.user.circuitBreaker.probes: must be >= 1, got 0',
    ],
    [
      'circuitBreaker: { window: -5s }',
      'wrr.yaml:4:31 services.user.circuitBreaker.window: must be a duration with a unit, such as 250ms or 10s, got "-5s"',
    ],
    [
      'circuitBreaker: { window: 0s }',
      'wrr.yaml:4:31 services.user.circuitBreaker.window: must be > 0, got "0s"',
    ],
    [
      'circuitBreaker: { window: 25h }',
      'wrr.yaml:4:31 services.user.circuitBreaker.window: must be at most 24h, got "25h"',
    ],
    [
      'circuitBreaker: { jitter: 1 }',
      'wrr.yaml:4:31 services.user.circuitBreaker.jitter: must be < 1, got 1',
    ],
    [
      'circuitBreaker: { failureRate: 1.5 }',
      'wrr.yaml:4:36 services.user.circuitBreaker.failureRate: must be <= 1, got 1.5',
    ],
    [
      'circuitBreaker: { openMs: 5 }',
      'wrr.yaml:4:23 services.user.circuitBreaker.openMs: unknown key (did you mean open?)',
    ],
    [
      'circuitBreaker: { open: 2m }',
      'wrr.yaml:4:5 services.user.circuitBreaker.maxOpen: must be at least open (2m), got "60s"',
    ],
    [
      'circuitBreaker: { slowCallRate: 0.5 }',
      'wrr.yaml:4:37 services.user.circuitBreaker.slowCallRate: needs slowCall',
    ],
    [
      'circuitBreaker: yes',
      'wrr.yaml:4:21 services.user.circuitBreaker: must be false or a mapping, got "yes"',
    ],
    [
      'onAllOpen: explode',
      'wrr.yaml:4:16 services.user.onAllOpen: must be one of panic, fail-fast, got "explode"',
    ],
    [
      'weights: { "10.0.0.1:50051": heavy }',
      'wrr.yaml:4:34 services.user.weights["10.0.0.1:50051"]: must be a number, got "heavy"',
    ],
    [
      'weights: { "10.0.0.1:50051": 1.5 }',
      'wrr.yaml:4:34 services.user.weights["10.0.0.1:50051"]: must be an integer, got 1.5',
    ],
    [
      'weights: { local: 1 }',
      'wrr.yaml:4:16 services.user.weights.local: must be an address host:port, such as 10.0.0.1:50051',
    ],
    ['warmUp: {}', 'wrr.yaml:4:5 services.user.warmUp.window: is missing'],
    ['minAvailable:', 'wrr.yaml:4:18 services.user.minAvailable: must be a number, got nothing'],
    [
      'failover: { methods: all, maxAttempts: 6 }',
      'wrr.yaml:4:44 services.user.failover.maxAttempts: must be <= 5, got 6',
    ],
    [
      'failover: { methods: all, maxBackoff: 1ms }',
      'wrr.yaml:4:43 services.user.failover.maxBackoff: must be at least initialBackoff (25ms), got "1ms"',
    ],
    [
      'failover: { methods: all, retryableStatusCodes: [] }',
      'wrr.yaml:4:53 services.user.failover.retryableStatusCodes: must be a list of >= 1 items, got a list',
    ],
    [
      'failover: { methods: [a.B, a.B] }',
      'wrr.yaml:4:26 services.user.failover.methods: must not list a method twice, got a list',
    ],
    [
      'failover: {}',
      'wrr.yaml:4:5 services.user.failover.methods: is missing: must be all or a list',
    ],
    [
      'failover: { methods: some }',
      'wrr.yaml:4:26 services.user.failover.methods: must be all or a list, got "some"',
    ],
    [
      'failover: { methods: all, perAttemptTimeout: 1s }',
      'wrr.yaml:4:50 services.user.failover.perAttemptTimeout: needs layer: interceptor, because gRPC\'s retry policy has no such thing, got "1s"',
    ],
    [
      'minavailable: 1',
      'wrr.yaml:4:5 services.user.minavailable: unknown key (did you mean minAvailable?)',
    ],
    ['minAvailable: .nan', 'wrr.yaml:4:19 services.user.minAvailable: must be a number, got NaN'],
  ])('names line, column, field, value and expectation: %s', async (options, problem) => {
    expect(await problemsOf(service(options))).toEqual([problem]);
  });

  it('is told all its problems at once, in the order of its lines', async () => {
    const text =
      'serverr: 1\nservices:\n  user: { target: 5 }\n  order: {}\nregistry: { hosts: [x] }\n';
    expect(await problemsOf(text)).toEqual([
      'wrr.yaml:1:1 serverr: unknown key (did you mean server?)',
      'wrr.yaml:3:19 services.user.target: must be a text, got 5',
      'wrr.yaml:4:3 services.order.target: is missing',
      expect.stringMatching(/^wrr.yaml:5:21 registry.hosts\[0\]: must be host:port.*got "x"$/),
    ]);
  });

  it.each([
    ['', 'wrr.yaml:1:1 is empty'],
    ['# only a comment\n', 'wrr.yaml:1:1 is empty'],
    ['5', 'wrr.yaml:1:1 must be a mapping of settings'],
    ['services: {\n', expect.stringMatching(/^wrr.yaml:2:1 Flow map .*must .*end with a }/)],
    ['services: {}\nservices: {}\n', 'wrr.yaml:2:1 this key is there twice'],
    ['a: *nowhere\n', 'wrr.yaml:1:4 unknown alias *nowhere'],
    ['services: {}\n---\nserver: {}\n', 'wrr.yaml:2:1 contains several documents'],
    ['services: !secret x\n', 'wrr.yaml:1:11 Unresolved tag'],
    ['__proto__: { services: {} }\n', 'wrr.yaml:1:1 __proto__: unknown key'],
    [
      'server: { metadata: { a: [{ __proto__: 1 }] } }\n',
      expect.stringContaining('__proto__: unknown key'),
    ],
    [`${'['.repeat(50)}${']'.repeat(50)}`, 'wrr.yaml:1:1 must be a mapping of settings'],
    [
      `server: ${'{a: '.repeat(50)}1${'}'.repeat(50)}`,
      expect.stringContaining('is nested too deeply'),
    ],
    [
      `server: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`,
      expect.stringMatching(/^wrr.yaml:1:/),
    ],
    [`a: ${'x'.repeat(100_000)}`, 'wrr.yaml:1:1 is longer than 100000 characters'],
  ])('names the line of what is no mapping of settings: %#', async (text, problem) => {
    expect((await problemsOf(text))[0]).toEqual(problem);
  });

  it('is refused when its aliases multiply without end', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 0; i < 20; i++) {
      const before = i === 0 ? 'a' : `a${i - 1}`;
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    }
    expect((await problemsOf(bomb.join('\n')))[0]).toMatch(/^wrr.yaml:1:1 .*Excessive alias count/);
  });

  it.each([
    ['unknown keys', (i: number) => `k${i}: 1\n`],
    ['aliases', (i: number) => (i === 0 ? 'a: &a 1\n' : `b${i}: *a\n`)],
    ['unknown aliases', (i: number) => `b${i}: *c${i}\n`],
    ['anchors', (i: number) => `b${i}: &b${i} x\n`],
    ['syntax errors', () => '%: ]\n'],
    ['open brackets', () => '['],
    ['open braces', () => '{a: '],
    ['dashes', () => '- '],
    ['quotes', () => '"'],
    ['tags', () => '!!a '],
    ['bad services', (i: number) => (i === 0 ? 'services:\n' : `  s${i}: {}\n`)],
    ['comments', () => '#'],
    ['question marks', () => '? '],
  ])(
    'is refused in bounded time when it is full of %s',
    async (_what, part) => {
      let text = '';
      for (let i = 0; text.length < 99_000; i++) text += part(i);
      const problems = await problemsOf(text);
      expect(problems.length).toBeLessThanOrEqual(50);
      expect(problems[0]).toMatch(/^wrr.yaml:\d+:\d+ /);
    },
    20_000,
  );

  it('leaves no trace on prototypes', async () => {
    await problemsOf('__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }\n');
    await problemsOf(SAMPLE, { WRR_SERVER__METADATA: '{ "__proto__": { "polluted": 1 } }' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

it('names the file that cannot be read', async () => {
  await expect(loadConfig('/nowhere/wrr.yaml')).rejects.toThrow(
    '/nowhere/wrr.yaml:1:1 cannot be read: ENOENT',
  );
});
