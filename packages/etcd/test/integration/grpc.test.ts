import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  Client,
  connectivityState,
  credentials,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  registerEndpoint,
} from '@wrr/etcd';
import { channelOptions, register, registerEndpointSource } from '@wrr/grpc-js';
import {
  callUnary,
  createCertificates,
  type EtcdServer,
  echoService,
  etcdForTests,
  type GrpcCluster,
  sleep,
  startEtcd,
  startGrpcCluster,
  startLoad,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bound, measured, ms, shortOrLong } from './support.ts';

const available = await etcdForTests();
const IDEMPOTENT = { failover: { idempotent: true } } as const;

/** Names of the servers that answered, by number of calls. */
const shares = async (client: Client, calls: number): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const { server } = await callUnary(client);
    counts[server] = (counts[server] ?? 0) + 1;
  }
  return counts;
};

/** A service config in which calls take at most so long. */
const timeout = (seconds: string) =>
  JSON.stringify({
    loadBalancingConfig: [{ custom_weighted_round_robin: {} }],
    methodConfig: [{ name: [{}], timeout: seconds }],
  });

const allConnected = async (client: Client, count: number): Promise<void> => {
  await waitFor(async () => Object.keys(await shares(client, count * 4)).length === count, {
    what: `calls to reach ${count} servers`,
  });
};

describe.skipIf(!available)('grpc-js channels on etcd:///', () => {
  let etcd: EtcdServer;
  let cluster: GrpcCluster;
  let etcdClient: EtcdClient;
  const channels: Client[] = [];

  const connect = (target = 'etcd:///service/user', options = {}): Client => {
    const client = new Client(target, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      ...channelOptions(),
      ...options,
    });
    channels.push(client);
    return client;
  };
  const watchers = () => etcd.metric('etcd_debugging_mvcc_watcher_total');
  const registerAll = () =>
    Promise.all(
      cluster.servers.map(({ address, weight }) =>
        registerEndpoint({
          client: etcdClient,
          service: 'service/user',
          address,
          weight,
          ttlSeconds: 5,
        }),
      ),
    );
  beforeAll(async () => {
    register();
    [etcd, cluster] = await Promise.all([startEtcd(), startGrpcCluster([1, 1, 1])]);
  });
  beforeEach(() => {
    etcdClient = createEtcdClient({ hosts: etcd.endpoint });
    registerEndpointSource('etcd', ({ path }) =>
      createEtcdEndpointSource({ client: etcdClient, service: path }),
    );
    registerEndpointSource('configured', ({ path }) =>
      createEtcdEndpointSource({
        client: etcdClient,
        service: path,
        serviceConfigKey: 'config/user',
      }),
    );
  });
  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.close();
    await etcdClient.close();
  });
  afterAll(async () => {
    await cluster?.close();
    await etcd?.stop();
  });

  it('D3: etcd down under load: no call fails, and the list is not emptied', async () => {
    const outageMs = shortOrLong(4_000, 60_000);
    await registerAll();
    const client = connect('etcd:///service/user', channelOptions(IDEMPOTENT));
    await allConnected(client, 3);
    const load = startLoad(100, () => callUnary(client, {}, { deadline: Date.now() + 5_000 }));
    await etcd.kill();
    await sleep(outageMs);

    // Whoever starts now has nothing to go by, and is told so within its own deadline.
    const other = createEtcdClient({ hosts: etcd.endpoint });
    registerEndpointSource('fresh', ({ path }) =>
      createEtcdEndpointSource({ client: other, service: path }),
    );
    const fresh = connect('fresh:///service/user');
    await expect(callUnary(fresh, {}, { deadline: Date.now() + 3_000 })).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('ECONNREFUSED'),
    });
    await other.close();

    await etcd.restart();
    await allConnected(client, 3);
    const { samples, failed } = await load.stop();
    measured(
      'D3',
      `etcd down for ${ms(outageMs)} under 100 calls/s: 0 failed`,
      `${failed.length} of ${samples.length} failed`,
    );
    expect(samples.length).toBeGreaterThan(200);
    expect(failed).toEqual([]);
  }, 120_000);

  it('D5: an empty service fails calls at once, and serves as soon as one registers', async () => {
    const registrations = await registerAll();
    const client = connect();
    await allConnected(client, 3);
    await Promise.all(registrations.map((registration) => registration.close()));
    const failing = async (): Promise<number | undefined> => {
      const start = performance.now();
      const failure = await callUnary(client, {}, { deadline: Date.now() + 5_000 }).catch(
        (error: unknown) => error,
      );
      return (failure as { code?: number }).code === status.UNAVAILABLE
        ? performance.now() - start
        : undefined;
    };
    const took = await waitFor(failing, { what: 'calls to fail' });
    const start = performance.now();
    await registerAll();
    await waitFor(() => callUnary(client, {}, { deadline: Date.now() + 500 }), {
      what: 'calls to succeed',
    });
    const back = performance.now() - start;
    measured(
      'D5',
      'empty service: UNAVAILABLE within 100 ms, back within 1 s',
      `${ms(took)}, ${ms(back)}`,
    );
    expect(took).toBeLessThan(bound(100));
    expect(back).toBeLessThan(bound(1_000));
  });

  it('D15: weight changes move shares and open no connection', async () => {
    const [first] = await registerAll();
    const client = connect();
    await allConnected(client, 3);
    const before = await cluster.total('connections');
    for (let weight = 2; weight <= 40; weight++) await first?.setWeight(weight);
    await first?.setWeight(8);
    await waitFor(async () => Object.values(await shares(client, 10)).includes(8), {
      what: 'a share of 8 in 10',
    });
    const opened = (await cluster.total('connections')) - before;
    measured('D15', '40 weight changes: 0 new connections', `${opened}`);
    expect(opened).toBe(0);
  });

  it('D17: fifty channels share one watch; the last one to close ends it', async () => {
    await registerAll();
    // Each registration watches its own key.
    const before = await waitFor(async () => (await watchers()) === 3 && 3, {
      what: '3 self-watches',
    });
    const fifty = Array.from({ length: 50 }, () => connect());
    await Promise.all(fifty.map((client) => callUnary(client)));
    await waitFor(async () => (await watchers()) === before + 1, { what: 'one watch' });
    for (const client of fifty) client.close();
    await waitFor(async () => (await watchers()) === before, { what: 'the watch to end' });
  });

  it('D17: an idle channel ends its watch and has a new one when it is used again', async () => {
    await registerAll();
    // Each registration watches its own key.
    const before = await waitFor(async () => (await watchers()) === 3 && 3, {
      what: '3 self-watches',
    });
    const client = connect('etcd:///service/user', { 'grpc.client_idle_timeout_ms': 1_000 });
    await callUnary(client);
    await waitFor(() => client.getChannel().getConnectivityState(false) === connectivityState.IDLE);
    await waitFor(async () => (await watchers()) === before, { what: 'the watch to end' });
    await allConnected(client, 3);
    expect(await watchers()).toBe(before + 1);
  });

  it.each(['etcd:///service/user', 'etcd:service/user', 'etcd://ignored/service/user'])(
    'D18: calls through %s succeed',
    async (target) => {
      await registerAll();
      expect((await callUnary(connect(target))).server).toMatch(/^[abc]$/);
    },
  );

  it.each(['etcd:///service/user/', 'etcd:////service/user'])(
    'D18: %s is refused, as its keys would be looked for in another place than in Go',
    (target) => {
      expect(() => connect(target).getChannel()).toThrow('service must be a name');
    },
  );

  it('D18: calls succeed over TLS', async () => {
    const certificates = await createCertificates();
    const server = new Server();
    const reply = { server: 'tls', payload: '', metadata: {}, index: 0 };
    server.addService(echoService, {
      unary: (_call: unknown, done: (e: null, r: object) => void) => done(null, reply),
    });
    const pair = { private_key: certificates.server.key, cert_chain: certificates.server.cert };
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound_) =>
        error ? reject(error) : resolve(bound_),
      );
    });
    await registerEndpoint({
      client: etcdClient,
      service: 'service/tls',
      address: `127.0.0.1:${port}`,
    });
    const client = new Client('etcd:///service/tls', credentials.createSsl(certificates.ca), {
      ...channelOptions(),
      'grpc.ssl_target_name_override': 'localhost',
    });
    channels.push(client);
    expect((await callUnary(client)).server).toBe('tls');
    client.close();
    server.forceShutdown();
    await certificates.remove();
  });

  it('brings a service config from etcd into open channels, live; a bad one changes nothing', async () => {
    await registerAll();
    await etcdClient.put('config/user', timeout('0.05s'));
    const client = connect('configured:///service/user', { 'grpc.service_config': undefined });
    const slow = () => callUnary(client, { behaviour: { delayMs: 300 } });
    await expect(slow()).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await etcdClient.put('config/user', timeout('5s'));
    await waitFor(slow, { what: 'the longer timeout' });

    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    await etcdClient.put('config/user', '{"methodConfig":[{"name":[{}],"timeout":"soon"}]}');
    await waitFor(() => warnings.length > 0);
    process.off('warning', onWarning);
    expect(warnings[0]).toContain('methodConfig[0].timeout must be a duration');
    await slow();
    await etcdClient.delete('config/user');
  });

  it('R2: SIGTERM to a registered server under load: no call fails, and its process ends', async () => {
    const [registration] = await registerAll();
    const path = fileURLToPath(new URL('serving-process.js', import.meta.url));
    const settings = { hosts: etcd.endpoint, graceMs: 500, delayMs: 200 };
    const child = fork(path, [JSON.stringify(settings)], { execArgv: [] });
    const events: string[] = [];
    let address = '';
    child.on('message', (message: { event: string; address?: string }) => {
      events.push(message.event);
      address = message.address ?? address;
    });
    await waitFor(() => address !== '', { what: 'the server to be registered' });
    const client = connect();
    await allConnected(client, 3);
    const load = startLoad(100, () => callUnary(client, {}, { deadline: Date.now() + 10_000 }));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await waitFor(() => load.finished > 50);
    child.kill('SIGTERM');
    await waitFor(async () => !(await etcd.api.get(`service/user/${address}`)), {
      what: 'the entry to go',
    });
    expect(await exited).toBe(0);
    const { samples, failed } = await load.stop();
    measured(
      'R2',
      'SIGTERM to a server under 100 calls/s: 0 failed',
      `${failed.length} of ${samples.length} failed`,
    );
    expect(failed).toEqual([]);
    expect(events).toEqual(['ready', 'weight-stored', 'deregistered']);
    expect(registration?.state).toBe('registered');
  });
});
