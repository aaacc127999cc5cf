import { createEtcdClient, createEtcdEndpointSource, type EtcdClient, watchKey } from '@wrr/etcd';
import { describe, expect, it } from 'vitest';
import { parseServiceConfig } from '../src/service-config.ts';

describe('createEtcdClient', () => {
  it.each([
    [undefined, ['127.0.0.1:2379']],
    ['a:1', ['a:1']],
    ['http://a:1, b:2', undefined],
    ['http://a:1,http://b:2/', ['a:1', 'b:2']],
    [
      ['https://a:1', 'https://[::1]:2'],
      ['a:1', '[::1]:2'],
    ],
  ])('takes the hosts %j', (hosts, expected) => {
    if (!expected)
      expect(() => createEtcdClient({ hosts: hosts ?? '' })).toThrow('all be http or all https');
    else expect(createEtcdClient(hosts === undefined ? {} : { hosts }).hosts).toEqual(expected);
  });

  it.each([
    [{ hosts: [] }, 'hosts must name at least one host:port'],
    [{ hosts: '' }, 'hosts must be host:port or http(s)://host:port, got '],
    [{ hosts: 'a' }, 'got a'],
    [{ hosts: 'a:0' }, 'got a:0'],
    [{ hosts: 'a:65536' }, 'got a:65536'],
    [{ hosts: 'ftp://a:1' }, 'got ftp://a:1'],
    [{ hosts: 'a:1/path' }, 'got a:1/path'],
    [{ hosts: [7] }, 'hosts must be strings, got number'],
    [{ hosts: 'http://a:1', tls: {} }, 'tls given for hosts without it: http://a:1'],
    [{ tls: { cert: 'x' } }, 'tls.cert and tls.key must be given together'],
    [{ requestTimeoutMs: 0 }, 'requestTimeoutMs must be > 0 and at most 600000, got 0'],
    [{ requestTimeoutMs: Number.NaN }, 'got NaN'],
    [{ namespace: 7 }, 'namespace must be a string, got 7'],
    [{ auth: { username: '', password: 'x' } }, 'auth.username must be a non-empty string'],
    [{ auth: { username: 'u' } }, 'auth.password must be a string, got undefined'],
    [{ host: 'a:1' }, 'unknown option host of createEtcdClient()'],
  ])('refuses %j', (options, message) => {
    expect(() => createEtcdClient(options as object)).toThrow(message);
  });

  it('does not show a password that stands in a URL', () => {
    expect(() => createEtcdClient({ hosts: 'http://user:hunter2@a:1' })).toThrow('got ***@a:1');
  });

  it('opens no connection and sets no timer before it is used', async () => {
    const before = process.getActiveResourcesInfo().length;
    const client = createEtcdClient({ hosts: '127.0.0.1:1' });
    createEtcdEndpointSource({ client, service: 's' });
    watchKey({ client, key: 'k' });
    expect(process.getActiveResourcesInfo().length).toBe(before);
    await client.close();
  });
});

describe('createEtcdEndpointSource', () => {
  const client = createEtcdClient();
  it.each([
    [{ service: '/s' }, 'got /s'],
    [{ service: 's/' }, 'got s/'],
    [{ service: '' }, 'service must be a name'],
    [{ service: 's', coalesceMs: -1 }, 'coalesceMs must be from 0 to 60000, got -1'],
    [
      { service: 's', massDeletion: { maxRatio: 2 } },
      'massDeletion.maxRatio must be from 0 to 1, got 2',
    ],
    [{ service: 's', massDeletion: { maxRatio: 1, holdMs: 0 } }, 'massDeletion.holdMs must be > 0'],
    [{ service: 's', serviceConfigKey: 's/config' }, 'serviceConfigKey must lie outside s/'],
    [{ service: 's', coalesce: 1 }, 'unknown option coalesce'],
  ])('refuses %j', (options, message) => {
    expect(() => createEtcdEndpointSource({ client, ...options })).toThrow(message);
  });

  it('refuses a client that is none', () => {
    expect(() => createEtcdEndpointSource({ client: {} as EtcdClient, service: 's' })).toThrow(
      'client must come from createEtcdClient()',
    );
  });

  it('refuses a key to watch that is none', () => {
    expect(() => watchKey({ client, key: '' })).toThrow('key must be a non-empty string, got ""');
  });
});

const method = (part: object) => ({ methodConfig: [{ name: [{}], ...part }] });

describe('parseServiceConfig', () => {
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: '0.1s',
    maxBackoff: '1s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  it('takes the service config of the Go system', () => {
    const config = {
      loadBalancingConfig: [{ custom_weighted_round_robin: {} }],
      methodConfig: [{ name: [{ service: 'user.User' }], timeout: '1.5s', retryPolicy }],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
    };
    expect(parseServiceConfig(JSON.stringify(config))).toEqual({ config });
  });

  const retry = (part: object) => method({ retryPolicy: { ...retryPolicy, ...part } });
  it.each([
    ['{', 'not JSON'],
    ['[]', 'not a JSON object'],
    [{ loadBalancingConfig: {} }, 'loadBalancingConfig must be a list'],
    [
      { loadBalancingConfig: [{ a: {}, b: {} }] },
      'loadBalancingConfig[0] must be an object with one key',
    ],
    [
      { loadBalancingConfig: [{ a: 1 }] },
      "loadBalancingConfig[0]: the policy's config must be an object",
    ],
    [{ methodConfig: {} }, 'methodConfig must be a list'],
    [{ methodConfig: [1] }, 'methodConfig[0] must be an object'],
    [{ methodConfig: [{}] }, 'methodConfig[0].name must be a list of objects'],
    [method({ timeout: 1 }), 'methodConfig[0].timeout must be a duration'],
    [method({ retryPolicy: 1 }), 'methodConfig[0].retryPolicy must be an object'],
    [
      method({ retryPolicy, hedgingPolicy: {} }),
      'methodConfig[0] has both retryPolicy and hedgingPolicy',
    ],
    [
      retry({ maxAttempts: 1 }),
      'methodConfig[0].retryPolicy.maxAttempts must be an integer from 2',
    ],
    [retry({ initialBackoff: 1 }), '.initialBackoff must be a duration'],
    [retry({ maxBackoff: '1' }), '.maxBackoff must be a duration'],
    [retry({ backoffMultiplier: 0 }), '.backoffMultiplier must be a number > 0'],
    [retry({ retryableStatusCodes: [] }), '.retryableStatusCodes must be a non-empty list'],
    [{ retryThrottling: { maxTokens: 0, tokenRatio: 1 } }, 'retryThrottling needs maxTokens'],
    [{ retryThrottling: 1 }, 'retryThrottling needs maxTokens'],
  ])('refuses %j', (config, problem) => {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    expect(parseServiceConfig(text).problem).toContain(problem);
  });
});
