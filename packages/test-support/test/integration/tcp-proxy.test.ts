import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { sleep, startTcpProxy, type TcpProxy, waitFor } from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

describe('startTcpProxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await startTcpProxy({ target: `127.0.0.1:${(echo.address() as AddressInfo).port}` });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.heal();
    await waitFor(() => proxy.open === 0, { what: 'the proxy to see the ends' });
  });
  afterAll(async () => {
    await proxy.close();
    await proxy.close();
    echo.close();
  });

  interface Client {
    readonly socket: Socket;
    received: string;
    closed: boolean;
  }
  const dial = async (): Promise<Client> => {
    const socket = connect(Number(proxy.endpoint.split(':')[1]), '127.0.0.1');
    sockets.push(socket);
    const client: Client = { socket, received: '', closed: false };
    socket.on('data', (chunk) => {
      client.received += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      client.closed = true;
    });
    await once(socket, 'connect');
    return client;
  };

  it('forwards both ways and counts', async () => {
    const before = proxy.accepted;
    const client = await dial();
    client.socket.write('hello');
    await waitFor(() => client.received === 'hello');
    expect(proxy.accepted).toBe(before + 1);
    expect(proxy.open).toBe(1);
  });

  it('cuts open connections and takes new ones', async () => {
    const client = await dial();
    client.socket.write('x');
    await waitFor(() => client.received === 'x');
    proxy.cut();
    await waitFor(() => client.closed);
    const next = await dial();
    next.socket.write('y');
    await waitFor(() => next.received === 'y');
  });

  it('swallows in a black hole, silently, and delivers late after healing', async () => {
    const client = await dial();
    client.socket.write('a');
    await waitFor(() => client.received === 'a');
    proxy.blackHole();
    client.socket.write('b');
    const fresh = await dial();
    fresh.socket.write('c');
    await sleep(100);
    expect([client.received, client.closed, fresh.received, fresh.closed]).toEqual([
      'a',
      false,
      '',
      false,
    ]);
    await proxy.heal();
    await waitFor(() => client.received === 'ab' && fresh.received === 'c');
  });

  it('lets new connections pass when only existing ones are black-holed', async () => {
    const client = await dial();
    proxy.blackHole({ existingOnly: true });
    client.socket.write('a');
    const fresh = await dial();
    fresh.socket.write('b');
    await waitFor(() => fresh.received === 'b');
    expect(client.received).toBe('');
  });

  it('cuts after so many bytes, delivering those', async () => {
    const client = await dial();
    client.socket.write('0123456789');
    await waitFor(() => client.received.length === 10);
    proxy.cutAfter(4);
    client.socket.write('abcdefgh');
    await waitFor(() => client.closed);
    expect(client.received).toBe('0123456789abcd');
  });

  it('delays in order', async () => {
    const client = await dial();
    proxy.delay(50);
    const start = performance.now();
    client.socket.write('1');
    await sleep(10);
    client.socket.write('2');
    await waitFor(() => client.received === '12');
    expect(performance.now() - start).toBeGreaterThanOrEqual(95);
  });

  it('keeps the order when a delay ends', async () => {
    const client = await dial();
    proxy.delay(100);
    client.socket.write('1');
    await sleep(20);
    await proxy.heal();
    client.socket.write('2');
    await waitFor(() => client.received.length === 2);
    expect(client.received).toBe('12');
  });

  it('refuses until healed', async () => {
    const client = await dial();
    await proxy.refuse();
    await waitFor(() => client.closed);
    await expect(dial()).rejects.toThrow('ECONNREFUSED');
    await proxy.heal();
    await dial();
  });
});
