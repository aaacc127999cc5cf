import { loadConfig } from '@wrr/config';
import { describe, expect, it } from 'vitest';
import { SAMPLE, temporaryFile } from './sample.ts';

const settingsWith = async (env: Record<string, string>) =>
  (await loadConfig(await temporaryFile(SAMPLE), { env })).settings;

describe('the environment', () => {
  it('wins over the file', async () => {
    const { services, registry, server } = await settingsWith({
      WRR_SERVICES__USER__CIRCUIT_BREAKER__OPEN: '2s',
      WRR_SERVICES__USER__CIRCUIT_BREAKER__PROBES: '7',
      WRR_SERVICES__USER__WARM_UP: 'false',
      WRR_SERVICES__USER__WEIGHTS: '{ "10.0.0.2:50051": 9 }',
      WRR_REGISTRY__HOSTS: '[a:1, b:2]',
      WRR_SERVER__TTL_SECONDS: '30',
    });
    const { user } = services;
    expect(user).toMatchObject({
      circuitBreaker: { open: '2s', probes: 7, window: '20s' },
      warmUp: false,
      weights: { '10.0.0.1:50051': 5, '10.0.0.2:50051': 9 },
    });
    expect(registry?.hosts).toEqual(['a:1', 'b:2']);
    expect(server?.ttlSeconds).toBe(30);
  });

  it('finds services in the spelling of the file, and can add one', async () => {
    const { services } = await settingsWith({
      WRR_SERVICES__ORDER_API__MIN_AVAILABLE: '1',
      WRR_SERVICES__MAIL__TARGET: 'dns:///mail:1',
    });
    const { mail, 'order-api': orders } = services;
    expect(orders?.minAvailable).toBe(1);
    expect(mail?.target).toBe('dns:///mail:1');
  });

  it('is not concerned with empty variables and with other WRR_ variables', async () => {
    const plain = await settingsWith({});
    const env = { WRR_SERVER__WEIGHT: '', WRR_OUTPUT: 'json', WRR_SERVER: 'x', PATH: '/bin' };
    expect(await settingsWith(env)).toEqual(plain);
  });

  it.each([
    [
      { WRR_SERVICES__USER__CIRCUT_BREAKER__OPEN: '1s' },
      'env WRR_SERVICES__USER__CIRCUT_BREAKER__OPEN services.user.circut_breaker: unknown setting (did you mean circuitBreaker?)',
    ],
    [
      { WRR_SERVICE__USER__TARGET: 'x' },
      'env WRR_SERVICE__USER__TARGET service: unknown setting (did you mean services?)',
    ],
    [{ WRR_SERVER__WEIGHT__X: '1' }, 'env WRR_SERVER__WEIGHT__X server.weight.x: unknown setting'],
    [
      { WRR_SERVER__WEIGHT: 'heavy' },
      'env WRR_SERVER__WEIGHT server.weight: must be a number, got "heavy"',
    ],
    [
      { WRR_SERVER__WEIGHT: '[' },
      'env WRR_SERVER__WEIGHT server.weight: Flow sequence must end with a ]',
    ],
    [
      { WRR_SERVER__WEIGHT: '1', WRR_SERVER__WEI_GHT: '2' },
      'env WRR_SERVER__WEI_GHT server.weight: contradicts another variable',
    ],
    [
      { WRR_SERVICES__USER__WARM_UP: 'false', WRR_SERVICES__USER__WARM_UP__WINDOW: '1s' },
      'env WRR_SERVICES__USER__WARM_UP__WINDOW services.user.warmUp.window: contradicts another variable',
    ],
    [
      { WRR_SERVER__METADATA: '{ "__proto__": {} }' },
      'env WRR_SERVER__METADATA server.metadata.__proto__: unknown key',
    ],
    [{ WRR_SERVICES____TARGET: 'x' }, 'env WRR_SERVICES____TARGET services[""]: unknown setting'],
  ])('is told which variable is wrong: %j', async (env, problem) => {
    await expect(settingsWith(env as Record<string, string>)).rejects.toThrow(problem);
  });
});
