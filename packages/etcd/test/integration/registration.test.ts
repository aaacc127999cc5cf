import {
  createEtcdClient,
  type EtcdClient,
  type EtcdRegistration,
  isEtcdError,
  registerEndpoint,
} from '@wrr/etcd';
import {
  type EtcdServer,
  etcdForTests,
  sleep,
  startEtcd,
  startTcpProxy,
  waitFor,
} from '@wrr/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  bound,
  collectEvents,
  measured,
  ms,
  shortOrLong,
  startRegistering,
  timed,
  watchPresence,
} from './support.ts';

const available = await etcdForTests();

const ADDRESS = '10.0.0.1:50051';
const KEY = `service/user/${ADDRESS}`;
const own = { service: 'service/user', address: ADDRESS };

describe.skipIf(!available)('registration', () => {
  let etcd: EtcdServer;
  let client: EtcdClient;
  const clients: EtcdClient[] = [];

  const newClient = (hosts: string): EtcdClient => {
    const created = createEtcdClient({ hosts });
    clients.push(created);
    return created;
  };
  const leaseOf = async (): Promise<string | undefined> => (await etcd.api.get(KEY))?.lease;
  const weightOf = async (): Promise<unknown> => {
    const value = (await etcd.api.get(KEY))?.value;
    return value && JSON.parse(value).Metadata.weight;
  };

  beforeAll(async () => {
    etcd = await startEtcd();
  });
  beforeEach(() => {
    client = newClient(etcd.endpoint);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
    await waitFor(async () => (await etcd.api.leases()).length === 0, {
      what: 'all leases to end',
    });
  });
  afterAll(() => etcd?.stop());

  it('R1: the key of a process killed with SIGKILL is gone within its time to live + 1.5 s', async () => {
    const { child, exited } = await startRegistering({
      hosts: etcd.endpoint,
      ...own,
      ttlSeconds: 2,
    });
    expect(await leaseOf()).not.toBe('0');
    child.kill('SIGKILL');
    await exited;
    const took = await timed(
      () => {},
      async () => !(await etcd.api.get(KEY)),
      'the key to go',
    );
    measured('R1', 'SIGKILL: gone within 2 s + 1.5 s', ms(took));
    expect(took).toBeLessThan(bound(3_500));
  });

  it('R2: SIGTERM removes the key at once, and the process ends by itself', async () => {
    const { child, exited } = await startRegistering({ hosts: etcd.endpoint, ...own });
    const took = await timed(
      () => child.kill('SIGTERM'),
      async () => !(await etcd.api.get(KEY)),
      'the key to go',
    );
    expect(await exited).toBe(0);
    measured('R2', 'SIGTERM: gone within 100 ms, process ends', ms(took));
    expect(took).toBeLessThan(bound(100));
  });

  it('R2: close() returns within 2 s when etcd is black-holed, and the process ends by itself', async () => {
    const proxy = await startTcpProxy({ target: etcd.endpoint });
    try {
      const { child, exited } = await startRegistering({
        hosts: proxy.endpoint,
        ...own,
        ttlSeconds: 2,
      });
      proxy.blackHole();
      const start = performance.now();
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
      const took = performance.now() - start;
      measured('R2', 'black hole: close() within 2 s, process ends', ms(took));
      expect(took).toBeLessThan(bound(2_000));
    } finally {
      await proxy.close();
    }
  });

  const outages = shortOrLong(
    [[1_000, 2]],
    [
      [3_000, 5],
      [30_000, 5],
    ],
  );
  it.each(outages)(
    'R3: after a crash of etcd for %i ms a key with %i s to live has a live lease and is never absent',
    async (downMs, ttlSeconds) => {
      const registration = await registerEndpoint({ client, ...own, ttlSeconds });
      await etcd.kill();
      await sleep(downMs);
      await etcd.restart();
      const presence = watchPresence(etcd.api, KEY);
      await sleep(3_000 * ttlSeconds);
      const { samples, absent, withoutLease } = await presence.stop();
      measured(
        'R3',
        `etcd down for ${ms(downMs)}, TTL ${ttlSeconds} s: never absent in the 3 TTL after`,
        `${absent} of ${samples} samples absent`,
      );
      expect(samples).toBeGreaterThan(50);
      expect({ absent, withoutLease }).toEqual({ absent: 0, withoutLease: 0 });
      expect(registration.state).toBe('registered');
    },
    120_000,
  );

  it("R4: after the loss of etcd's data the key is back within 3 s", async () => {
    const registration = await registerEndpoint({ client, ...own, ttlSeconds: 5 });
    const events = collectEvents(registration);
    await etcd.kill();
    await etcd.wipe();
    await etcd.restart();
    const took = await timed(
      () => {},
      () => etcd.api.get(KEY),
      'the key to be back',
    );
    measured('R4', 'data lost: back within 3 s', ms(took));
    expect(took).toBeLessThan(bound(3_000));
    expect(await etcd.api.leases()).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'lease-lost')).toHaveLength(1);
  });

  it('R5: a revoked lease is replaced by one other, and reported once', async () => {
    const registration = await registerEndpoint({ client, ...own, ttlSeconds: 5 });
    const events = collectEvents(registration);
    const lease = (await leaseOf()) ?? '';
    const took = await timed(
      () => etcd.api.revoke(lease),
      async () => ![undefined, lease].includes(await leaseOf()),
      'another lease',
    );
    measured('R5', 'lease revoked: back within TTL/3 + 1 s (2.7 s)', ms(took));
    expect(took).toBeLessThan(bound(2_700));
    expect(await etcd.api.leases()).toHaveLength(1);
    await waitFor(() => events.some(({ type }) => type === 'registered'));
    expect(events.filter(({ type }) => type === 'lease-lost')).toHaveLength(1);
  });

  it('R6: a process that was frozen for twice its time to live comes back with one lease', async () => {
    const { child, events, exited } = await startRegistering({
      hosts: etcd.endpoint,
      ...own,
      ttlSeconds: 2,
    });
    child.kill('SIGSTOP');
    await waitFor(async () => !(await etcd.api.get(KEY)), { what: 'the lease to expire' });
    const took = await timed(
      () => child.kill('SIGCONT'),
      () => etcd.api.get(KEY),
      'the key to be back',
    );
    measured('R6', 'frozen for 2 TTL: back within 2 s, one lease', ms(took));
    expect(took).toBeLessThan(bound(2_000));
    expect(await etcd.api.leases()).toHaveLength(1);
    await waitFor(() => events.includes('registered'));
    expect(events.filter((event) => event === 'lease-lost')).toHaveLength(1);
    child.kill('SIGTERM');
    await exited;
  });

  describe('R10', () => {
    let registration: EtcdRegistration;
    beforeEach(async () => {
      registration = await registerEndpoint({ client, ...own, weight: 3, ttlSeconds: 5 });
    });

    it('R10: a key deleted by hand is back within 1 s', async () => {
      const events = collectEvents(registration);
      const took = await timed(
        () => etcd.api.delete(KEY),
        () => etcd.api.get(KEY),
        'the key to be back',
      );
      measured('R10', 'deleted by hand: back within 1 s', ms(took));
      expect(took).toBeLessThan(bound(1_000));
      await waitFor(() => events.some(({ type }) => type === 'repaired'));
      expect(events).toContainEqual({ ...own, type: 'repaired', found: 'deleted' });
    });

    it('R10: repairs at most once a second: no war', async () => {
      let deletions = 0;
      const end = performance.now() + 3_000;
      while (performance.now() < end) {
        if (await etcd.api.delete(KEY)) deletions++;
        await sleep(20);
      }
      await waitFor(() => etcd.api.get(KEY), { what: 'the key to be back for good' });
      measured(
        'R10',
        'deleted again and again for 3 s: at most 1 repair a second',
        `${deletions - 1} repairs`,
      );
      expect(deletions).toBeLessThanOrEqual(1 + 4);
      expect(deletions).toBeGreaterThanOrEqual(2);
    });

    it('R10: puts right what was written over it, under its own lease', async () => {
      const lease = (await leaseOf()) ?? '';
      await etcd.api.put(KEY, '{"Addr":"10.9.9.9:1"}', lease);
      await waitFor(async () => (await weightOf()) === 3, { what: 'the value to be back' });
      expect(await leaseOf()).toBe(lease);
    });

    it('R10: leaves its address to a later registration, and takes it back when that one goes', async () => {
      const events = collectEvents(registration);
      const successor = await registerEndpoint({
        client: newClient(etcd.endpoint),
        ...own,
        weight: 7,
        ttlSeconds: 5,
      });
      await waitFor(() => registration.state === 'superseded');
      await expect(registration.setWeight(9)).rejects.toMatchObject({ reason: 'superseded' });
      expect(await weightOf()).toBe(7);
      expect(events.filter(({ type }) => type === 'superseded')).toHaveLength(1);
      await successor.close();
      await waitFor(async () => (await weightOf()) === 9, { what: 'the first to take over again' });
      expect(registration.state).toBe('registered');
    });

    it('R12: a key that lost its lease to a plain put gets it back within 1 s', async () => {
      const value = (await etcd.api.get(KEY))?.value ?? '';
      const took = await timed(
        () => etcd.api.put(KEY, value),
        async () => (await leaseOf()) !== '0',
        'the lease to be back',
      );
      measured('R12', 'put without lease: lease back within 1 s', ms(took));
      expect(took).toBeLessThan(bound(1_000));
    });

    it('R11: a weight change is one modification under the same lease', async () => {
      const before = await etcd.api.get(KEY);
      await registration.setWeight(50);
      const after = await etcd.api.get(KEY);
      expect(await weightOf()).toBe(50);
      expect(after?.lease).toBe(before?.lease);
      expect(after?.createRevision).toBe(before?.createRevision);
      expect(after?.modRevision).toBe((before?.modRevision ?? 0) + 1);
    });

    it('R11: of several changes in a row the last one counts', async () => {
      await Promise.all([4, 5, 6].map((weight) => registration.setWeight(weight)));
      expect(await weightOf()).toBe(6);
      expect(registration.weight).toBe(6);
    });

    it('R11: a change during an outage is stored after it', async () => {
      await etcd.kill();
      const changes = [11, 12, 13].map((weight) =>
        registration.setWeight(weight).catch((error: unknown) => error),
      );
      await etcd.restart();
      await waitFor(async () => (await weightOf()) === 13, {
        what: 'the last weight to be stored',
      });
      await Promise.all(changes);
    });

    it('refuses a wrong weight without touching anything', async () => {
      await expect(registration.setWeight(-1)).rejects.toThrow(RangeError);
      await expect(registration.setWeight(0.5)).rejects.toThrow(
        'must be an integer from 0 to 1000000, got 0.5',
      );
      expect([registration.weight, await weightOf()]).toEqual([3, 3]);
    });
  });

  it('R13: lives by what etcd grants, which is at least 2 s', async () => {
    const registration = await registerEndpoint({ client, ...own, ttlSeconds: 1 });
    const presence = watchPresence(etcd.api, KEY);
    await sleep(3_000);
    expect((await presence.stop()).absent).toBe(0);
    expect(registration.state).toBe('registered');
  });

  it.each([
    [{ ...own, ttlSeconds: 0 }, 'ttlSeconds must be an integer from 1 to 86400, got 0'],
    [{ ...own, ttlSeconds: 1.5 }, 'ttlSeconds must be an integer from 1 to 86400, got 1.5'],
    [{ ...own, address: '10.0.0.1' }, 'address must be host:port, got 10.0.0.1'],
    [
      { ...own, address: '::1:50051' },
      'address must be host:port, IPv6 in brackets, got ::1:50051',
    ],
    [{ ...own, service: '/service/user' }, 'got /service/user'],
    [{ ...own, service: 'service/user/' }, 'got service/user/'],
    [{ ...own, weight: 1e7 }, 'got 10000000'],
    [{ ...own, metadata: { weight: 1 } }, 'metadata.weight is reserved'],
    [{ ...own, wieght: 1 }, 'unknown option wieght'],
    [{ ...own, waitForReady: true, timeoutMs: 0 }, 'timeoutMs must be > 0, got 0'],
  ])('R13: refuses %j', async (options, message) => {
    await expect(registerEndpoint({ client, ...options })).rejects.toThrow(message);
    expect(await etcd.api.leases()).toEqual([]);
  });

  it('R14: a full etcd refuses a new weight, keeps the entry, and takes the weight when it has room', async () => {
    const full = await startEtcd({ flags: ['--quota-backend-bytes', '4194304'] });
    const crowded = newClient(full.endpoint);
    try {
      const registration = await registerEndpoint({
        client: crowded,
        ...own,
        weight: 1,
        ttlSeconds: 2,
      });
      const filler = 'x'.repeat(500_000);
      await expect(
        (async () => {
          for (let i = 0; i < 40; i++) await full.api.put('filler', filler);
        })(),
      ).rejects.toThrow('space');
      await expect(registration.setWeight(2)).rejects.toSatisfy((error) =>
        isEtcdError(error, 'no-space'),
      );

      const presence = watchPresence(full.api, KEY);
      await sleep(4_000);
      const { samples, absent } = await presence.stop();
      measured(
        'R14',
        'no space: entry stays for 2 TTL, weight stored afterwards',
        `${absent} of ${samples} samples absent`,
      );
      expect(absent).toBe(0);

      const revision = await full.api.revision();
      await full.api.compact(revision);
      await full.api.call('maintenance/defragment');
      await full.api.disarm();
      await waitFor(async () => (await full.api.get(KEY))?.value.includes('"weight":2'), {
        what: 'the pending weight to be stored',
      });
    } finally {
      await crowded.close();
      await full.stop();
    }
  });

  describe('R15', () => {
    it('R15: registers as soon as an etcd is there that was down at the start', async () => {
      await etcd.kill();
      const registering = registerEndpoint({ client, ...own, waitForReady: true });
      registering.catch(() => {});
      await sleep(2_000);
      await etcd.restart();
      const start = performance.now();
      await registering;
      const took = performance.now() - start;
      measured(
        'R15',
        'etcd down at the start: registered when it is up (R8: within 5 s)',
        ms(took),
      );
      expect(took).toBeLessThan(bound(5_000));
      expect(await etcd.api.get(KEY)).toBeDefined();
    });

    it('R15: rejects at its time limit, saying why, and leaves nothing behind', async () => {
      await etcd.kill();
      const start = performance.now();
      await expect(
        registerEndpoint({ client, ...own, waitForReady: true, timeoutMs: 1_000 }),
      ).rejects.toThrow(/not registered within 1000 ms: .*ECONNREFUSED/);
      expect(performance.now() - start).toBeLessThan(bound(1_500));
      await etcd.restart();
      await sleep(3_000);
      expect(await etcd.api.get(KEY)).toBeUndefined();
    });

    it('R15: without waitForReady rejects when every host has failed', async () => {
      await etcd.kill();
      await expect(registerEndpoint({ client, ...own })).rejects.toMatchObject({
        reason: 'unavailable',
      });
      await etcd.restart();
    });

    it('R15: gives up when its signal is aborted', async () => {
      await etcd.kill();
      const abort = new AbortController();
      const registering = registerEndpoint({
        client,
        ...own,
        waitForReady: true,
        signal: abort.signal,
      });
      abort.abort(new Error('enough'));
      await expect(registering).rejects.toThrow('enough');
      await etcd.restart();
    });
  });
});
