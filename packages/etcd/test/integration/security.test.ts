import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  encodeEndpoint,
  registerEndpoint,
  watchKey,
} from '@wrr/etcd';
import {
  type Certificates,
  createCertificates,
  type EtcdServer,
  etcdForTests,
  sleep,
  startEtcd,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bound, collect, measured, ms, timed } from './support.ts';

const available = await etcdForTests();
const ROOT = { username: 'root', password: 'root-secret-4711' };
const TEAM_A = { username: 'team-a', password: 'team-a-secret-0815' };
const WRONG = { username: 'team-a', password: 'wrong-secret-6666' };

const clients: EtcdClient[] = [];
const newClient = (...options: Parameters<typeof createEtcdClient>): EtcdClient => {
  const client = createEtcdClient(...options);
  clients.push(client);
  return client;
};
const closeAll = () => Promise.all(clients.splice(0).map((client) => client.close()));

describe.skipIf(!available)('an etcd with authentication', () => {
  let etcd: EtcdServer;

  beforeAll(async () => {
    etcd = await startEtcd({ flags: ['--auth-token-ttl', '6'] });
    const { api } = etcd;
    for (const { username, password } of [ROOT, TEAM_A]) {
      await api.call('auth/user/add', { name: username, password });
    }
    await api.call('auth/role/add', { name: 'root' });
    await api.call('auth/user/grant', { user: 'root', role: 'root' });
    await api.call('auth/role/add', { name: 'team-a' });
    const [key, range_end] = ['teamA/', 'teamA0'].map((text) =>
      Buffer.from(text).toString('base64'),
    );
    await api.call('auth/role/grant', {
      name: 'team-a',
      perm: { permType: 'READWRITE', key, range_end },
    });
    await api.call('auth/user/grant', { user: 'team-a', role: 'team-a' });
    await api.call('auth/enable');
  });
  afterEach(closeAll);
  afterAll(() => etcd?.stop());

  it('D9: a user that may only see its own prefix registers and discovers there', async () => {
    const client = newClient({ hosts: etcd.endpoint, auth: TEAM_A, namespace: 'teamA/' });
    const registration = await registerEndpoint({
      client,
      service: 'user',
      address: 'a:1',
      weight: 2,
    });
    const seen = collect(createEtcdEndpointSource({ client, service: 'user' }));
    await waitFor(() => seen.weights['a:1'] === 2);
    await registration.setWeight(7);
    await waitFor(() => seen.weights['a:1'] === 7);
    await registration.close();
    await waitFor(() => seen.last?.endpoints.length === 0);
  });

  it('D10: one forbidden service is reported, and harms no other of the same client', async () => {
    const client = newClient({ hosts: etcd.endpoint, auth: TEAM_A });
    const denied = collect(createEtcdEndpointSource({ client, service: 'teamB/user' }));
    const allowed = collect(createEtcdEndpointSource({ client, service: 'teamA/user' }));
    await waitFor(() => denied.last && allowed.last);
    expect(denied.last?.error).toMatchObject({ reason: 'permission' });
    expect(allowed.last).toEqual({ endpoints: [] });
    await client.put('teamA/user/a:1', encodeEndpoint('a:1', 3));
    await waitFor(() => allowed.weights['a:1'] === 3);
    await expect(client.put('teamB/x', '1')).rejects.toMatchObject({ reason: 'permission' });
    await expect(
      registerEndpoint({ client, service: 'teamB/user', address: 'a:1', waitForReady: true }),
    ).rejects.toMatchObject({ reason: 'permission' });
    await client.delete('teamA/user/a:1');
  });

  it('D10: a wrong password is reported within 1 s, everywhere, and nowhere shown', async () => {
    const said: string[] = [];
    const say = (...values: unknown[]) =>
      said.push(inspect(values, { depth: 9, showHidden: true }));
    const listen = (event: unknown) => say(event);
    channel('wrr:registry').subscribe(listen);
    process.on('warning', say);
    const client = newClient({ hosts: etcd.endpoint, auth: WRONG });
    const start = performance.now();
    const seen = collect(createEtcdEndpointSource({ client, service: 'teamA/user' }));
    await waitFor(() => seen.last);
    const took = performance.now() - start;
    measured('D10', 'wrong password: typed error within 1 s', ms(took));
    expect(took).toBeLessThan(bound(1_000));
    expect(seen.last?.error).toMatchObject({ reason: 'authentication' });
    say(seen.last?.error);
    const failure = await registerEndpoint({
      client,
      service: 'teamA/user',
      address: 'a:1',
      waitForReady: true,
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'authentication' });
    say(failure, client);
    channel('wrr:registry').unsubscribe(listen);
    process.off('warning', say);
    expect(said.length).toBeGreaterThan(3);
    expect(said.join('\n')).not.toContain(WRONG.password);
    expect(said.join('\n')).toContain('refused user team-a');
  });

  it('D10: without a user where one is needed, the error says so', async () => {
    const client = newClient({ hosts: etcd.endpoint });
    await expect(client.get('teamA/x')).rejects.toMatchObject({ reason: 'authentication' });
  });

  it('D10: watch and lease go on after etcd forgot the token in a restart', async () => {
    const client = newClient({ hosts: etcd.endpoint, auth: TEAM_A, namespace: 'teamA/' });
    const registration = await registerEndpoint({
      client,
      service: 'user',
      address: 'a:1',
      ttlSeconds: 5,
    });
    const seen = collect(createEtcdEndpointSource({ client, service: 'user' }));
    await waitFor(() => seen.weights['a:1'] === 1);
    // A token that is younger than the last write is replayed from the log, and would survive.
    await sleep(600);
    await client.put('x', '1');
    await etcd.kill();
    await etcd.restart();
    const other = newClient({ hosts: etcd.endpoint, auth: ROOT });
    await other.put('teamA/user/b:1', encodeEndpoint('b:1', 1));
    const took = await timed(
      () => {},
      () => seen.weights['b:1'] === 1,
      'the watch to go on',
    );
    measured('D10', 'restart, token forgotten: watch goes on within 5 s', ms(took));
    expect(took).toBeLessThan(bound(5_000));
    await registration.setWeight(9);
    await waitFor(() => seen.weights['a:1'] === 9);
    await other.delete('teamA/user/b:1');
  });

  it('D10: an idle client goes on when its token has expired', async () => {
    const client = newClient({ hosts: etcd.endpoint, auth: TEAM_A, namespace: 'teamA/' });
    const values: (string | undefined)[] = [];
    watchKey({ client, key: 'k' }).subscribe((value) => values.push(value));
    await waitFor(() => values.length > 0);
    await sleep(7_500);
    await client.put('k', '1');
    await waitFor(() => values.at(-1) === '1');
    await client.delete('k');
  });
});

const works = async (client: EtcdClient): Promise<void> => {
  const registration = await registerEndpoint({
    client,
    service: 's',
    address: 'a:1',
    weight: 4,
  });
  const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
  await waitFor(() => seen.weights['a:1'] === 4);
  await registration.close();
};

describe.skipIf(!available)('an etcd with TLS', () => {
  let certificates: Certificates;
  let foreign: Certificates;
  let plain: EtcdServer;
  let mutual: EtcdServer;

  beforeAll(async () => {
    [certificates, foreign] = await Promise.all([createCertificates(), createCertificates()]);
    plain = await startEtcd({ tls: certificates.server });
    mutual = await startEtcd({
      tls: { ...certificates.server, clientCaFile: certificates.caFile },
    });
  });
  afterEach(closeAll);
  afterAll(async () => {
    await Promise.all([plain?.stop(), mutual?.stop()]);
    await Promise.all([certificates?.remove(), foreign?.remove()]);
  });

  it('D11: works with the right authority', async () => {
    await works(newClient({ hosts: `https://${plain.endpoint}`, tls: { ca: certificates.ca } }));
  });

  it('D11: works with a name to expect instead of the host', async () => {
    const tls = { ca: certificates.ca, serverName: 'localhost' };
    await works(newClient({ hosts: plain.endpoint, tls }));
  });

  it('D11: works with a certificate of its own where one is asked for', async () => {
    const { cert, key } = certificates.client;
    await works(newClient({ hosts: mutual.endpoint, tls: { ca: certificates.ca, cert, key } }));
  });

  it.each([
    ['the wrong authority', () => ({ ca: foreign.ca }), () => plain, /certificate|signature/i],
    [
      'no certificate of its own',
      () => ({ ca: certificates.ca }),
      () => mutual,
      /certificate|alert/i,
    ],
    [
      'a certificate of another authority',
      () => ({ ca: certificates.ca, cert: foreign.client.cert, key: foreign.client.key }),
      () => mutual,
      /certificate|alert|unknown ca/i,
    ],
    [
      'a name that is not in the certificate',
      () => ({ ca: certificates.ca, serverName: 'x.test' }),
      () => plain,
      /x\.test|altnames/i,
    ],
  ])('D11: with %s the error names the cause within 1 s', async (_, tls, server, message) => {
    const client = newClient({ hosts: server().endpoint, tls: tls() });
    const start = performance.now();
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last);
    const took = performance.now() - start;
    measured('D11', `${_}: cause named within 1 s`, ms(took));
    expect(seen.last?.endpoints).toEqual([]);
    expect(seen.last?.error?.message).toMatch(message);
    expect(took).toBeLessThan(bound(1_000));
  });

  it('D11: without TLS on a TLS port there is an error, not a hang', async () => {
    const client = newClient({ hosts: plain.endpoint });
    const seen = collect(createEtcdEndpointSource({ client, service: 's' }));
    await waitFor(() => seen.last?.error, { timeoutMs: 5_000 });
  });
});
