import { describe, expect, it } from 'vitest';
import { EtcdError } from '../src/errors.ts';
import { chooseLeaseId, grantLease, keepAlive } from '../src/lease.ts';
import { createFakeClient, type FakeClient } from './fake-client.ts';

const header = null;
const { signal } = new AbortController();

function setUp(client: FakeClient, ttlMs = 6_000) {
  const events: string[] = [];
  const keeper = keepAlive(
    client,
    { id: '7', ttlMs },
    {
      onRenewed: () => events.push('renewed'),
      onLost: () => events.push('lost'),
      onFailure: (error) => events.push(error.reason),
    },
  );
  const stream = (): FakeClient['connections'][number]['streams'][number] => {
    const last = client.connections.at(-1)?.streams.at(-1);
    if (!last) throw new Error('no stream');
    return last;
  };
  const reply = (TTL: string): void => stream().answer({ header, ID: '7', TTL });
  return { events, keeper, stream, reply };
}

describe('grantLease', () => {
  it('R13: takes the time to live that was granted, not the one that was asked for', async () => {
    const client = createFakeClient({
      'Lease/LeaseGrant': ({ ID }) => ({ header, ID, TTL: '2' }),
    });
    const granting = grantLease(client, '7', 1, signal);
    await client.clock.advanceAsync(1);
    expect((await granting).ttlMs).toBe(2_000);
  });

  it('takes a lease that exists already for its own: the first answer was lost', async () => {
    const client = createFakeClient({
      'Lease/LeaseGrant': () => {
        throw new EtcdError('other', 'etcdserver: lease already exists');
      },
    });
    const granting = grantLease(client, '7', 5, signal);
    await client.clock.advanceAsync(1);
    expect((await granting).ttlMs).toBe(5_000);
  });

  it('chooses IDs that fit into 63 bits and differ', () => {
    const ids = Array.from({ length: 1_000 }, chooseLeaseId);
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) {
      expect(BigInt(id)).toBeGreaterThan(0n);
      expect(BigInt(id)).toBeLessThan(2n ** 63n);
    }
  });
});

describe('keepAlive', () => {
  it('R13: renews every third of what was granted, whatever was asked for', async () => {
    const client = createFakeClient();
    const { reply, stream, keeper } = setUp(client, 1_000);
    await client.clock.advanceAsync(1);
    reply('2');
    await client.clock.advanceAsync(666);
    expect(stream().sent).toHaveLength(1);
    await client.clock.advanceAsync(1);
    expect(stream().sent).toHaveLength(2);
    keeper.close();
  });

  it('R7: leaves a member that has not answered after a third, in time for another', async () => {
    const client = createFakeClient();
    const { reply, keeper, events } = setUp(client, 5_000);
    await client.clock.advanceAsync(1);
    reply('5');
    // From now on the first member is silent.
    await client.clock.advanceAsync(5_000 - 10);
    expect(client.connections).toHaveLength(2);
    expect(client.connections[1]?.streams[0]?.sent).toEqual([{ ID: '7' }]);
    expect(events).toEqual(['renewed', 'unavailable']);
    keeper.close();
  });

  it('waits at most 3 s for an answer, however long the lease', async () => {
    const client = createFakeClient();
    const { keeper } = setUp(client, 60_000);
    await client.clock.advanceAsync(3_000);
    expect(client.blamed).toEqual([]);
    await client.clock.advanceAsync(10);
    expect(client.blamed.map(({ reason }) => reason)).toEqual(['unavailable']);
    keeper.close();
  });

  it('R5: reports the end of a lease once, and is silent after that', async () => {
    const client = createFakeClient();
    const { reply, events } = setUp(client);
    await client.clock.advanceAsync(1);
    reply('0');
    reply('0');
    await client.clock.advanceAsync(60_000);
    expect(events).toEqual(['lost']);
    expect(client.clock.pendingTimers).toBe(0);
  });

  it('R8: never gives up, and never decides by itself that a lease is gone', async () => {
    const client = createFakeClient();
    const { reply, events, keeper } = setUp(client, 5_000);
    await client.clock.advanceAsync(1);
    reply('5');
    client.down = new EtcdError('unavailable', 'down');
    client.connections[0]?.drop(client.down);
    await client.clock.advanceAsync(600_000);
    expect(events).not.toContain('lost');
    client.down = undefined;
    await client.clock.advanceAsync(2_100);
    expect(client.connections).toHaveLength(2);
    reply('0');
    await client.clock.advanceAsync(1);
    expect(events.at(-1)).toBe('lost');
    keeper.close();
  });

  it('R6: after a freeze reads what has arrived before it judges', async () => {
    const client = createFakeClient();
    const { reply, stream, keeper } = setUp(client, 6_000);
    await client.clock.advanceAsync(1);
    // The answer is in the socket; timers come first after the freeze, then the socket is read.
    const arrived = new Promise<void>((resolve) => {
      setImmediate(() => {
        reply('6');
        resolve();
      });
    });
    client.clock.advance(3_000);
    await arrived;
    await client.clock.advanceAsync(0);
    expect(client.blamed).toEqual([]);
    expect(stream().open).toBe(true);
    keeper.close();
  });

  it.each(['connecting', 'waiting for an answer', 'waiting to ask', 'backing off'])(
    'D20: leaves no timer when closed while %s',
    async (when) => {
      const client = createFakeClient();
      if (when === 'backing off') client.down = new EtcdError('unavailable', 'down');
      const { reply, keeper, events } = setUp(client);
      if (when !== 'connecting') await client.clock.advanceAsync(1);
      if (when === 'waiting to ask') reply('6');
      const before = events.length;
      keeper.close();
      keeper.close();
      await client.clock.advanceAsync(1);
      expect(client.clock.pendingTimers).toBe(0);
      expect(client.connections.flatMap(({ streams }) => streams).some(({ open }) => open)).toBe(
        false,
      );
      expect(events).toHaveLength(before);
    },
  );
});
