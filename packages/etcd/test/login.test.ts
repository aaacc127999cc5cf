import { createFakeClock } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { EtcdError } from '../src/errors.ts';
import { createLogin } from '../src/login.ts';
import { createFakeConnection } from './fake-connection.ts';

const PASSWORD = 'hunter2-secret';

function setUp(answer: () => { token: string }) {
  const clock = createFakeClock();
  let logins = 0;
  const connection = createFakeConnection('a:1', {
    'Auth/Authenticate': () => {
      logins++;
      return answer();
    },
  });
  const login = createLogin({ username: 'u', password: PASSWORD }, { ...clock, random: () => 0 });
  return { clock, connection, login, logins: () => logins };
}

describe('createLogin', () => {
  it('logs in once for all who ask at the same time', async () => {
    const { login, connection, logins } = setUp(() => ({ token: 't' }));
    await Promise.all(Array.from({ length: 10 }, () => login.token(connection)));
    expect(await login.token(connection)).toBe('t');
    expect(logins()).toBe(1);
  });

  it('logs in anew when etcd has not accepted the token, once, whoever reports it', async () => {
    let serial = 0;
    const { login, connection, logins } = setUp(() => ({ token: `t${++serial}` }));
    expect(await login.token(connection)).toBe('t1');
    login.forget('t1');
    expect(await login.token(connection)).toBe('t2');
    login.forget('t1');
    expect(await login.token(connection)).toBe('t2');
    expect(logins()).toBe(2);
  });

  it('D10: asks a wrong password not more often than every 5 s, without showing it', async () => {
    const { clock, login, connection, logins } = setUp(() => {
      throw new EtcdError('authentication', 'etcdserver: authentication failed');
    });
    for (let i = 0; i < 600; i++) {
      const error = await login.token(connection).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ reason: 'authentication' });
      expect(JSON.stringify(error) + String(error) + (error as Error).stack).not.toContain(
        PASSWORD,
      );
      clock.advance(100);
    }
    expect(logins()).toBeLessThanOrEqual(12);
    expect(logins()).toBeGreaterThanOrEqual(6);
  });

  it('takes an etcd without authentication as it is', async () => {
    const { login, connection } = setUp(() => {
      throw new EtcdError('other', 'etcdserver: authentication is not enabled');
    });
    expect(await login.token(connection)).toBeUndefined();
  });

  it('asks nobody when there is no user', async () => {
    const { connection, logins } = setUp(() => ({ token: 't' }));
    expect(
      await createLogin(undefined, { ...createFakeClock(), random: () => 0 }).token(connection),
    ).toBe(undefined);
    expect(logins()).toBe(0);
  });
});
