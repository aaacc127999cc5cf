import {
  failoverOptionsOf,
  liveServiceConfig,
  loadConfig,
  serviceConfigOf,
  watchConfig,
} from '@wrr/config';
import { expect, it } from 'vitest';
import { memoryKey } from './memory-key.ts';
import { SAMPLE, temporaryFile } from './sample.ts';

it('says in gRPC’s words how a service is called', async () => {
  const { settings } = await loadConfig(await temporaryFile(SAMPLE), { env: {} });
  expect(serviceConfigOf(settings, 'user')).toEqual({
    loadBalancingConfig: [
      {
        custom_weighted_round_robin: {
          circuitBreaker: {
            consecutiveFailures: 3,
            failureRate: 0.4,
            slowCallRate: false,
            minimumCalls: 20,
            window: '20s',
            open: '0.5s',
            maxOpen: '60s',
            jitter: 0.1,
            probes: 3,
            probeConcurrency: 1,
            probeLease: '10s',
          },
          warmUp: { window: '30s', minimum: 0.1, afterUnavailable: '1s' },
          healthCheck: false,
          minAvailable: 0.6,
          onAllOpen: 'fail-fast',
          startPhase: 'random',
          dispatch: 'static',
          weights: { '10.0.0.1:50051': 5, '10.0.0.2:50051': 1 },
        },
      },
    ],
    methodConfig: [
      {
        name: [{ service: 'user.UserService', method: 'Get' }, { service: 'user.Search' }],
        retryPolicy: {
          maxAttempts: 4,
          initialBackoff: '0.02s',
          maxBackoff: '0.25s',
          backoffMultiplier: 2,
          retryableStatusCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
        },
      },
    ],
  });
});

it('leaves the retries to the interceptor when that is the layer', async () => {
  const { settings } = await loadConfig(
    await temporaryFile(`services:
  user:
    target: x
    failover:
      layer: interceptor
      methods: [user.UserService/Get, user.Search]
      perAttemptTimeout: 200ms
      budget: { ratio: 0.1 }
  all: { target: x, failover: { layer: interceptor, methods: all } }
  none: { target: x }
  channel: { target: x, failover: { methods: all } }
`),
    { env: {} },
  );
  expect(failoverOptionsOf(settings, 'user')).toEqual({
    idempotent: ['/user.UserService/Get', '/user.Search/*'],
    maxAttempts: 3,
    retryableCodes: ['UNAVAILABLE'],
    backoff: { initialMs: 25, maxMs: 250, multiplier: 2 },
    perAttemptTimeoutMs: 200,
    budget: { ratio: 0.1, reservePerSecond: 10 },
  });
  expect(serviceConfigOf(settings, 'user')).not.toHaveProperty('methodConfig');
  expect(failoverOptionsOf(settings, 'all')).toMatchObject({ idempotent: true });
  expect(failoverOptionsOf(settings, 'none')).toBeUndefined();
  expect(failoverOptionsOf(settings, 'channel')).toBeUndefined();
  expect(serviceConfigOf(settings, 'channel')).toMatchObject({
    methodConfig: [{ name: [{}], retryPolicy: { maxAttempts: 3, maxBackoff: '0.25s' } }],
  });
  expect(() => failoverOptionsOf(settings, 'nobody')).toThrow('no service "nobody"');
});

it('names the services there are when asked for another', async () => {
  const { settings } = await loadConfig(await temporaryFile(SAMPLE), { env: {} });
  for (const name of ['usr', 'constructor', '__proto__']) {
    expect(() => serviceConfigOf(settings, name)).toThrow(
      `no service "${name}" in the settings: they have user, order-api`,
    );
  }
});

it('tells a live listener of its service only, and when it is gone', async () => {
  const key = memoryKey();
  const file = await temporaryFile('services: {}\n');
  const live = await watchConfig({ file, env: {}, key });
  const heard: unknown[] = [];
  const stop = liveServiceConfig(live, 'user').subscribe((config) => heard.push(config));
  expect(heard).toEqual([undefined]);

  key.put('services: { user: { target: "dns:///a", weights: { "a:1": 5 } } }');
  key.put('services: { user: { target: "dns:///b", weights: { "a:1": 5 } } }');
  key.put('services: { user: { target: "dns:///b", weights: { "a:1": 1 } }, mail: { target: x } }');
  expect(heard).toHaveLength(3);
  expect(JSON.stringify(heard[1])).toContain('"weights":{"a:1":5}');
  expect(JSON.stringify(heard[2])).toContain('"weights":{"a:1":1}');

  key.delete();
  expect(heard).toHaveLength(4);
  expect(heard[3]).toBeUndefined();
  stop();
  key.put('services: { user: { target: x } }');
  expect(heard).toHaveLength(4);
  live.close();
});
