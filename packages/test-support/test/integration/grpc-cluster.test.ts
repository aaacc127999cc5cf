import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import {
  callUnary,
  type EchoReply,
  echoService,
  type GrpcServerProcess,
  healthService,
  startGrpcCluster,
  startGrpcServer,
  startLoad,
  waitFor,
} from '@wrr/test-support';
import { afterEach, describe, expect, it } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function connect(server: GrpcServerProcess): Client {
  const client = new Client(server.address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  closers.push(() => client.close());
  return client;
}

async function serve(options = {}): Promise<GrpcServerProcess> {
  const server = await startGrpcServer(options);
  closers.push(() => server.close());
  return server;
}

describe('a test server', () => {
  it('answers with its name and the metadata it got, and counts', async () => {
    const server = await serve({ name: 'x' });
    const reply = await callUnary(connect(server), { payload: 'hi' });
    expect(reply).toMatchObject({ server: 'x', payload: 'hi' });
    expect(reply.metadata['user-agent']).toBeDefined();
    const counters = await server.counters();
    expect(counters).toMatchObject({ calls: 1, ok: 1, failed: 0, active: 0, connections: 1 });
  });

  it('fails as told, for as many calls as told', async () => {
    const server = await serve();
    const client = connect(server);
    await server.behave({ failWith: status.UNAVAILABLE, failTimes: 2 });
    await expect(callUnary(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(callUnary(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(callUnary(client)).resolves.toBeDefined();
  });

  it('hangs until the client gives up', async () => {
    const server = await serve();
    const call = callUnary(
      connect(server),
      { behaviour: { hang: true } },
      { deadline: Date.now() + 200 },
    );
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await waitFor(async () => (await server.counters()).cancelled === 1);
  });

  it('is dead after SIGKILL and lives again on the same port', async () => {
    const server = await serve();
    const client = connect(server);
    await callUnary(client);
    const { port, pid } = server;
    await server.kill();
    expect(server.pid).toBeUndefined();
    await expect(callUnary(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    await callUnary(connect(server));
  });

  it('answers nothing while frozen and everything once thawed', async () => {
    const server = await serve();
    const client = connect(server);
    await callUnary(client);
    server.freeze();
    let answered = false;
    const late = callUnary(client).then(() => {
      answered = true;
    });
    const lost = callUnary(client, {}, { deadline: Date.now() + 200 });
    await expect(lost).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(answered).toBe(false);
    server.thaw();
    await late;
  });

  it.each([false, true])('shuts down (force: %s) and ends its process', async (force) => {
    const server = await serve();
    await callUnary(connect(server));
    await server.shutdown({ force });
    expect(server.pid).toBeUndefined();
  });

  it('cuts calls off that would hold up a shutdown for ever', async () => {
    const server = await serve({ behaviour: { hang: true } });
    const lost = callUnary(connect(server)).catch((error: ServiceError) => error.code);
    await waitFor(async () => (await server.counters()).active === 1);
    await server.shutdown();
    expect(server.pid).toBeUndefined();
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain(await lost);
  });

  it('reports health, live', async () => {
    const server = await serve({ health: 'SERVING' });
    const { path, requestSerialize, responseDeserialize } = healthService.watch;
    const watch = connect(server).makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.alloc(0),
    );
    const seen: unknown[] = [];
    watch.on('data', (state) => seen.push(state)).on('error', () => {});
    await waitFor(() => seen.length === 1);
    await server.setHealth('NOT_SERVING');
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
    expect((await server.counters()).watches).toBe(1);
    watch.cancel();
  });

  it('streams both ways', async () => {
    const server = await serve({ name: 's' });
    const { path, requestSerialize, responseDeserialize } = echoService.bidi;
    const call = connect(server).makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.write({ behaviour: { messages: 2, failAfter: 2, failWith: status.ABORTED } });
    const got: unknown[] = [];
    call.on('data', (reply: EchoReply) => got.push(reply.index));
    const code = await new Promise((done) => {
      call.on('error', (error: ServiceError) => done(error.code));
    });
    expect(got).toEqual([0, 1]);
    expect(code).toBe(status.ABORTED);
  });
});

describe('a cluster', () => {
  it('starts servers named a, b, c with their weights', async () => {
    const cluster = await startGrpcCluster([5, 3, { weight: 1 }]);
    closers.push(() => cluster.close());
    const [a, b, c] = cluster.servers;
    expect(cluster.weighted).toBe(`${a?.address}=5,${b?.address}=3,${c?.address}=1`);
    const reply = await callUnary(connect(cluster.servers[1] as GrpcServerProcess));
    expect(reply.server).toBe('b');
    expect(await cluster.total('calls')).toBe(1);
  });
});

describe('a load', () => {
  it('keeps its rate and reports failures and latencies', async () => {
    const load = startLoad(500, async (index) => {
      if (index % 10 === 0) throw new Error('tenth');
    });
    await waitFor(() => load.finished >= 200);
    const report = await load.stop();
    expect(report.failed.length).toBe(Math.ceil(report.samples.length / 10));
    expect(report.quantile(0.5)).toBeGreaterThanOrEqual(0);
  });
});
