import { createFakeClock } from '@wrr/test-support';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeEndpoint } from '../src/codec.ts';
import { createDeletionGuard } from '../src/deletion-guard.ts';
import { createEndpointTable } from '../src/endpoint-table.ts';
import { asEtcdError, EtcdError, isEtcdError } from '../src/errors.ts';
import { judgeOwnKey } from '../src/own-key.ts';
import { prefixRange } from '../src/range.ts';
import { errorFromStatus } from '../src/status.ts';
import { createBackoff, createWake, pause } from '../src/timers.ts';
import { createWaiters } from '../src/waiters.ts';
import { createWarner } from '../src/warnings.ts';
import type { Change, KeyValue } from '../src/watch-state.ts';

const kv = (key: string, value: string, revision = 1, lease = '0'): KeyValue => ({
  key,
  value: Buffer.from(value),
  createRevision: revision,
  modRevision: revision,
  lease,
});
const put = (key: string, value: string, revision?: number): Change => ({
  key,
  before: undefined,
  after: kv(key, value, revision),
});
const gone = (key: string): Change => ({ key, before: kv(key, ''), after: undefined });

describe('createEndpointTable', () => {
  it('shows the same as one that has seen only the last value of each key', () => {
    const key = fc.constantFrom('s/1', 's/2', 's/3', 's/4');
    const value = fc.option(
      fc
        .tuple(fc.constantFrom('a:1', 'b:1', 'c:1'), fc.nat(9))
        .map(([address, weight]) => encodeEndpoint(address, weight)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 60, size: 'max' }), (steps) => {
        const table = createEndpointTable();
        const last = new Map<string, Change>();
        for (const [index, [name, text]] of steps.entries()) {
          const change = text === null ? gone(name) : put(name, text, index);
          table.apply([change]);
          last.set(name, change);
          const fresh = createEndpointTable();
          fresh.apply([...last.values()].filter(({ after }) => after));
          expect(table.endpoints()).toEqual(fresh.endpoints());
        }
      }),
    );
  });

  it('D19: has each address once, with the weight of the key that was created last', () => {
    const table = createEndpointTable();
    table.apply([put('s/z', encodeEndpoint('a:1', 1), 5), put('s/a', encodeEndpoint('a:1', 2), 7)]);
    expect(table.endpoints()).toEqual([{ key: 'a:1', weight: 2 }]);
    table.apply([gone('s/a')]);
    expect(table.endpoints()).toEqual([{ key: 'a:1', weight: 1 }]);
  });

  it('D6: keeps a good value when a malformed one is written over it, until the key goes', () => {
    const table = createEndpointTable();
    table.apply([put('s/a', encodeEndpoint('a:1', 4))]);
    expect(table.apply([put('s/a', '{oops')])).toEqual([{ key: 's/a', reason: 'not JSON' }]);
    expect(table.endpoints()).toEqual([{ key: 'a:1', weight: 4 }]);
    table.apply([gone('s/a')]);
    expect(table.endpoints()).toEqual([]);
  });

  it('keeps the list object when nothing has changed', () => {
    const table = createEndpointTable();
    table.apply([put('s/a', encodeEndpoint('a:1', 4))]);
    const list = table.endpoints();
    table.apply([]);
    expect(table.endpoints()).toBe(list);
  });
});

const setUpGuard = () => {
  const clock = createFakeClock();
  const released: string[] = [];
  const timers = { ...clock, random: () => 0 };
  const guard = createDeletionGuard({ maxRatio: 0.5, holdMs: 1_000 }, timers, (changes) => {
    released.push(...changes.map(({ key }) => key));
  });
  return { clock, guard, released };
};

describe('createDeletionGuard', () => {
  it('D4: lets a list delete up to the ratio, and no more', () => {
    const { guard } = setUpGuard();
    expect(guard.admit([gone('a'), gone('b')], 'list', 4)).toHaveLength(2);
    const changes = [gone('a'), gone('b'), gone('c'), put('d', '')];
    expect(guard.admit(changes, 'list', 4).map(({ key }) => key)).toEqual(['d']);
    expect(guard.held).toBe(3);
  });

  it('D4: believes events, which say what someone did', () => {
    const { guard } = setUpGuard();
    expect(guard.admit([gone('a'), gone('b')], 'events', 2)).toHaveLength(2);
  });

  it('D4: lets go what is not back in time, and only that', () => {
    const { clock, guard, released } = setUpGuard();
    guard.admit([gone('a'), gone('b'), gone('c')], 'list', 3);
    clock.advance(999);
    guard.admit([put('b', '')], 'events', 3);
    expect(released).toEqual([]);
    clock.advance(1);
    expect(released).toEqual(['a', 'c']);
    expect([guard.held, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('D20: leaves no timer when closed', () => {
    const { clock, guard } = setUpGuard();
    guard.admit([gone('a')], 'list', 1);
    guard.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('judgeOwnKey', () => {
  const sight = {
    found: kv('k', 'mine', 5, '7'),
    seenRevision: 5,
    storedRevision: 5,
    storedValue: 'mine',
    leaseId: '7',
    isOwnLease: (id: string) => id === '7' || id === '6',
  };
  it.each([
    ['our value under our lease', {}, { kind: 'fine' }],
    ['an old view, whatever it shows', { seenRevision: 4, found: undefined }, { kind: 'fine' }],
    ['nothing', { found: undefined }, { kind: 'repair', found: 'deleted' }],
    [
      'our value without a lease',
      { found: kv('k', 'mine', 5) },
      { kind: 'repair', found: 'without-lease' },
    ],
    [
      'another value under our lease',
      { found: kv('k', 'x', 5, '7') },
      { kind: 'repair', found: 'overwritten' },
    ],
    [
      'our value under an earlier lease of ours',
      { found: kv('k', 'mine', 5, '6') },
      { kind: 'repair', found: 'overwritten' },
    ],
    ["someone else's lease", { found: kv('k', 'mine', 5, '9') }, { kind: 'superseded' }],
  ])('R10: judges %s', (_, part, verdict) => {
    expect(judgeOwnKey({ ...sight, ...part })).toEqual(verdict);
  });
});

const setUpWaiters = () => {
  const clock = createFakeClock();
  const waiters = createWaiters({ ...clock, random: () => 0 });
  return { clock, waiters };
};

describe('createWaiters', () => {
  it('R11: settles those who came before the write began, and nobody else', async () => {
    const { waiters } = setUpWaiters();
    const early = waiters.wait(100, 'early');
    const ticket = waiters.ticket();
    const late = waiters.wait(100, 'late');
    waiters.resolve(ticket);
    await early;
    const other = new EtcdError('no-space', 'full');
    waiters.reject(other);
    await expect(late).rejects.toBe(other);
  });

  it('rejects in time, saying that it goes on', async () => {
    const { clock, waiters } = setUpWaiters();
    const waiting = waiters.wait(100, 'weight 5 of k');
    clock.advance(100);
    await expect(waiting).rejects.toThrow(
      'weight 5 of k was not stored within 100 ms; still being tried',
    );
    expect(clock.pendingTimers).toBe(0);
  });

  it('D20: rejects everybody, now and later, when closed, and leaves no timer', async () => {
    const { clock, waiters } = setUpWaiters();
    const closed = new EtcdError('closed', 'closed');
    const waiting = waiters.wait(100, 'x');
    waiters.close(closed);
    await expect(waiting).rejects.toBe(closed);
    await expect(waiters.wait(100, 'x')).rejects.toBe(closed);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('prefixRange', () => {
  it('D8: holds exactly the keys that begin with the prefix', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (prefix, other) => {
        const { key, rangeEnd } = prefixRange(prefix);
        for (const candidate of [prefix + other, other]) {
          const bytes = Buffer.from(candidate);
          const inside = bytes.compare(key) >= 0 && bytes.compare(rangeEnd ?? Buffer.of()) < 0;
          expect(inside).toBe(bytes.subarray(0, key.length).equals(key));
        }
      }),
    );
  });

  it('reaches to the end after the last byte there is', () => {
    expect(prefixRange('a\u{10ffff}').rangeEnd?.length).toBeGreaterThan(0);
  });
});

describe('errorFromStatus', () => {
  it.each([
    [16, 'etcdserver: invalid auth token', 'token'],
    [3, 'etcdserver: authentication failed, invalid user ID or password', 'authentication'],
    [3, 'etcdserver: user name is empty', 'authentication'],
    [7, 'etcdserver: permission denied', 'permission'],
    [8, 'etcdserver: mvcc: database space exceeded', 'no-space'],
    [8, 'etcdserver: too many requests', 'unavailable'],
    [5, 'etcdserver: requested lease not found', 'lease-lost'],
    [11, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [14, 'etcdserver: no leader', 'unavailable'],
    [14, 'Connection dropped', 'unavailable'],
    [13, 'Received RST_STREAM with code 2', 'unavailable'],
    [4, 'Deadline exceeded', 'timeout'],
    [3, 'etcdserver: request is too large', 'other'],
    [undefined, 'no answer', 'other'],
  ])('reads status %s "%s" as %s', (code, details, reason) => {
    expect(errorFromStatus(code, details, 'etcd X at h:1')).toMatchObject({
      reason,
      message: `etcd X at h:1: ${details}`,
    });
  });
});

describe('EtcdError', () => {
  it('is recognised by isEtcdError, with its reason', () => {
    const error = new EtcdError('closed', 'closed');
    expect([
      isEtcdError(error),
      isEtcdError(error, 'closed'),
      isEtcdError(error, 'timeout'),
    ]).toEqual([true, true, false]);
    expect(isEtcdError(new Error('x'))).toBe(false);
    expect(isEtcdError(undefined)).toBe(false);
  });

  it('is made of anything that was thrown', () => {
    expect(asEtcdError('boom')).toMatchObject({ reason: 'other', message: 'boom' });
    const cause = new Error('inner');
    expect(asEtcdError(cause)).toMatchObject({ message: 'inner', cause });
  });
});

describe('time', () => {
  it('lets waits double up to their bound, each in its upper half', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (sample) => {
        const backoff = createBackoff({ ...createFakeClock(), random: () => sample }, 100, 2_000);
        const waits = Array.from({ length: 20 }, () => backoff.next());
        expect(waits[0]).toBeLessThanOrEqual(100);
        for (const [index, wait] of waits.entries()) {
          const ceiling = Math.min(2_000, 100 * 2 ** index);
          expect(wait).toBeLessThanOrEqual(ceiling);
          if (index > 0) expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
        }
        backoff.reset();
        expect(backoff.next()).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('ends a pause when its signal aborts, and leaves no timer', async () => {
    const clock = createFakeClock();
    const abort = new AbortController();
    const pausing = pause({ ...clock, random: () => 0 }, 1_000, abort.signal);
    abort.abort();
    await pausing;
    await pause({ ...clock, random: () => 0 }, 1_000, abort.signal);
    expect(clock.pendingTimers).toBe(0);
  });

  it('remembers a call to wake that comes before the wait', async () => {
    const abort = new AbortController();
    const wake = createWake(abort.signal);
    wake.now();
    wake.now();
    await wake.wait();
    let woken = false;
    const waiting = wake.wait().then(() => {
      woken = true;
    });
    await Promise.resolve();
    expect(woken).toBe(false);
    abort.abort();
    await waiting;
  });
});

describe('createWarner', () => {
  it('D6: warns once a minute, and says how much it kept to itself', () => {
    const clock = createFakeClock();
    const said: string[] = [];
    const warner = createWarner({ ...clock, random: () => 0 }, (message) => said.push(message));
    for (let i = 0; i < 5; i++) warner.warn(`problem ${i}`);
    clock.advance(60_000);
    warner.warn('later');
    expect(said).toEqual(['problem 0', 'later (and 4 more since the last warning)']);
  });

  it('warns through the process by default', () => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    createWarner({ ...createFakeClock(), random: () => 0 }).warn('look');
    expect(emit).toHaveBeenCalledWith('look', { type: 'WrrWarning', code: 'WRR_ETCD' });
    emit.mockRestore();
  });
});
