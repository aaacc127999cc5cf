import { createFakeClock } from '@wrr/test-support';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConnector } from '../src/connector.ts';
import { EtcdError } from '../src/errors.ts';
import { createFakeConnection, type FakeConnection } from './fake-connection.ts';

const refused = () => new EtcdError('unavailable', 'refused');

function setUp(members: readonly string[], random = () => 0) {
  const clock = createFakeClock();
  const timers = { ...clock, random };
  const attempts: { member: string; at: number; timeoutMs: number }[] = [];
  const opened: FakeConnection[] = [];
  const down = new Set<string>();
  const connector = createConnector({
    members,
    timers,
    open: async (member, timeoutMs) => {
      attempts.push({ member, at: clock.now(), timeoutMs });
      if (down.has(member)) throw refused();
      const connection = createFakeConnection(member);
      opened.push(connection);
      return connection;
    },
  });
  /** Asks as those who watch do: again and again, without a pause of their own. */
  const insist = () => {
    const stopped = new AbortController();
    const ask = async (): Promise<void> => {
      const connection = await connector.connection().catch(() => undefined);
      if (connection || stopped.signal.aborted) return;
      await clock.sleep(0);
      await ask();
    };
    void ask();
    return () => stopped.abort();
  };
  return { clock, attempts, opened, down, connector, insist };
}

describe('createConnector', () => {
  it('gives all who ask one connection, made by one attempt', async () => {
    const { connector, attempts } = setUp(['a', 'b', 'c']);
    const all = await Promise.all(Array.from({ length: 50 }, () => connector.connection()));
    expect(new Set(all).size).toBe(1);
    expect(attempts).toHaveLength(1);
  });

  it('tries every member once before it reports a failure', async () => {
    const { connector, attempts, down } = setUp(['a', 'b', 'c']);
    for (const member of ['a', 'b', 'c']) down.add(member);
    await expect(connector.connection()).rejects.toThrow('refused');
    expect(attempts.map(({ member }) => member)).toEqual(['a', 'b', 'c']);
    expect(new Set(attempts.map(({ at }) => at))).toEqual(new Set([0]));
  });

  it('D14: is on another member at once when one dies', async () => {
    const { clock, connector, attempts, opened, down } = setUp(['a', 'b', 'c']);
    await connector.connection();
    await clock.advanceAsync(60_000);
    down.add('a');
    opened[0]?.drop(refused());
    expect((await connector.connection()).address).toBe('b');
    expect(attempts.at(-1)?.at).toBe(60_000);
  });

  it('R7: leaves a member that does not answer, and ends what is under way there', async () => {
    const { clock, connector, opened } = setUp(['a', 'b']);
    const first = await connector.connection();
    await clock.advanceAsync(60_000);
    connector.discard(first, refused());
    expect(opened[0]?.alive).toBe(false);
    expect((await connector.connection()).address).toBe('b');
  });

  it.each([1, 3, 5])(
    'R9: makes at most one attempt a second on average, whoever asks (%i members)',
    async (count) => {
      const members = Array.from({ length: count }, (_, index) => `m${index}`);
      const { clock, attempts, down, insist } = setUp(members, () => 0.5);
      for (const member of members) down.add(member);
      const stops = Array.from({ length: 20 }, insist);
      await clock.advanceAsync(600_000);
      for (const stop of stops) stop();
      const late = attempts.filter(({ at }) => at > 2_000).length;
      expect(late).toBeLessThanOrEqual(598);
      expect(late).toBeGreaterThan(200);
    },
  );

  it('R8: never gives up, and is there within 2.5 s for each member after an hour', async () => {
    const { clock, attempts, opened, down, insist } = setUp(['a'], () => 0.999);
    down.add('a');
    insist();
    await clock.advanceAsync(3_600_000);
    down.delete('a');
    await clock.advanceAsync(2_500);
    expect(opened).toHaveLength(1);
    expect(attempts.at(-1)?.at).toBeGreaterThan(3_600_000);
  });

  it('R9: takes a connection that dies young for a failure: no storm on a flapping link', async () => {
    const { clock, attempts, opened, connector } = setUp(['a'], () => 0.5);
    const flapping = (async () => {
      while (opened.length < 1_000) {
        const connection = await connector.connection();
        await clock.sleep(10);
        connection.drop(refused());
      }
    })();
    await clock.advanceAsync(60_000);
    expect(attempts.length).toBeLessThan(60);
    connector.close();
    await expect(flapping).rejects.toMatchObject({ reason: 'closed' });
  });

  it('spreads a crowd over the members and over time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 2 }), async (seed) => {
        let state = seed; // never the modulus itself, with which every number would be 0
        const random = () => {
          state = (state * 48_271) % 2_147_483_647;
          return state / 2_147_483_647;
        };
        const firsts = new Set<string>();
        const times = new Set<number>();
        for (let i = 0; i < 30; i++) {
          const { clock, attempts, down, insist } = setUp(['a', 'b', 'c'], random);
          for (const member of ['a', 'b', 'c']) down.add(member);
          const stop = insist();
          await clock.advanceAsync(2_000);
          stop();
          firsts.add(attempts[0]?.member ?? '');
          times.add(attempts[3]?.at ?? 0);
        }
        expect(firsts.size).toBe(3);
        expect(times.size).toBeGreaterThan(20);
      }),
      { numRuns: 5 },
    );
  });

  it('grants a slow network more time, step by step', async () => {
    const { clock, attempts, down, insist } = setUp(['a'], () => 0.5);
    down.add('a');
    const stop = insist();
    await clock.advanceAsync(30_000);
    stop();
    expect(attempts.slice(0, 4).map(({ timeoutMs }) => timeoutMs)).toEqual([
      1_000, 2_000, 4_000, 5_000,
    ]);
  });

  it('D20: when closed, rejects at once, leaves no timer, and drops what arrives late', async () => {
    const { clock, connector, down, opened } = setUp(['a']);
    down.add('a');
    await connector.connection().catch(() => {});
    const waiting = connector.connection();
    connector.close();
    connector.close();
    await expect(waiting).rejects.toMatchObject({ reason: 'closed' });
    await expect(connector.connection()).rejects.toMatchObject({ reason: 'closed' });
    expect(clock.pendingTimers).toBe(0);
    expect(opened.every(({ alive }) => !alive)).toBe(true);
  });
});
