import { createServer } from 'node:net';
import { createEtcdClient, registerServer } from '@wrr/etcd';
import { describe, expect, it } from 'vitest';

const server = { tryShutdown: (done: () => void) => done(), forceShutdown: () => {} };

describe('registerServer', () => {
  it('does not register an address at which nothing listens', async () => {
    const client = createEtcdClient({ hosts: '127.0.0.1:1' });
    await expect(
      registerServer(server, { client, service: 's', address: '127.0.0.1:1' }),
    ).rejects.toThrow(
      'nothing listens at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; not registered',
    );
    await client.close();
  }, 15_000);

  it.each([
    [{ address: 'x' }, 'address must be host:port'],
    [{ graceMs: -1 }, 'graceMs must be >= 0, got -1'],
    [{ shutdownMs: Number.NaN }, 'shutdownMs must be >= 0, got NaN'],
    [{ grace: 1 }, 'unknown option grace'],
  ])('refuses %j before it does anything', async (options, message) => {
    const client = createEtcdClient({ hosts: '127.0.0.1:1' });
    const before = process.listenerCount('SIGTERM');
    await expect(
      registerServer(server, { client, service: 's', address: '127.0.0.1:1', ...options }),
    ).rejects.toThrow(message);
    expect(process.listenerCount('SIGTERM')).toBe(before);
    await client.close();
  });

  it('stops the server at a signal that comes before etcd has answered', async () => {
    const client = createEtcdClient({ hosts: '127.0.0.1:1' });
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as { port: number };
    let stopped = 0;
    const stoppable = {
      shutdown: async () => {
        stopped++;
      },
      forceShutdown: () => {},
    };
    const registering = registerServer(stoppable, {
      client,
      service: 's',
      address: `127.0.0.1:${port}`,
      signals: ['SIGUSR2'],
    });
    const rejected = expect(registering).rejects.toThrow('stopped before it was registered');
    process.emit('SIGUSR2');
    await rejected;
    expect(stopped).toBe(1);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    listener.close();
    await client.close();
  });
});
