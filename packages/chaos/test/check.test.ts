import { beforeEach, describe, expect, it } from 'vitest';
import { check } from '../src/check.ts';
import { excuseFor } from '../src/check-calls.ts';
import { createCondition } from '../src/condition.ts';
import type { ClientReport, FailedCall } from '../src/protocol.ts';
import type { ClientRecords, Records } from '../src/records.ts';

const SECOND = 1_000;
const A = '127.0.0.1:1';
const B = '127.0.0.1:2';
let records: Records;
let client: ClientRecords;

/** A minute in which nothing happens: two servers with weights 3 and 1, one client. */
beforeEach(() => {
  client = {
    kind: 'grpc-js',
    reports: [],
    views: [
      {
        from: 0,
        endpoints: [
          [A, 3],
          [B, 1],
        ],
      },
    ],
    running: createCondition(0),
    path: createCondition(0),
  };
  records = {
    schedule: { seed: 1, steps: [] },
    startedAt: 0,
    endedAt: 60 * SECOND,
    ttlSeconds: 3,
    clients: [client],
    servers: [server('a', A), server('b', B)],
    etcd: createCondition(0),
    registry: [],
    faults: [],
    quiet: [],
    disturbances: 0,
    footprints: [],
    crashes: [],
    stalls: [],
    arrivals: 0,
    maxLagMs: 0,
  };
  for (let at = 0; at < 60 * SECOND; at += 250) {
    records.registry.push({
      at,
      endpoints: new Map([
        [A, 3],
        [B, 1],
      ]),
    });
    client.reports.push(report(at, {}));
  }
});

function server(name: string, address: string): Records['servers'][number] {
  return { name, address, reachable: createCondition(0), running: createCondition(0) };
}

function report(from: number, more: Partial<ClientReport>): ClientReport {
  const calls = {
    cpuMs: 1,
    started: 40,
    succeeded: 40,
    attempts: 40,
    failed: [],
    latencies: [1],
    views: [],
  };
  return { from, to: from + 250, ...calls, ...more };
}

function fail(call: FailedCall): void {
  client.reports.push(report(60 * SECOND, { failed: [call] }));
}

function failedAt(startedAt: number, ms = 100): FailedCall {
  return { startedAt, endedAt: startedAt + ms, code: 14, details: 'gone' };
}

/** Etcd's registry holds these endpoints from `from` on. */
function registryFrom(from: number, endpoints: ReadonlyMap<string, number>): void {
  for (const [index, sample] of records.registry.entries()) {
    if (sample.at >= from) records.registry[index] = { at: sample.at, endpoints };
  }
}

function quiet(a: number, b: number, unclean = 0): void {
  const shares = { byServer: { a, b }, unclean };
  records.quiet.push({ from: 0, to: 1, client: 0, shares, weights: { a: 3, b: 1 } });
}

const promises = (): string[] => [...new Set(check(records).broken.map(({ promise }) => promise))];

it('finds nothing in a minute in which nothing happens', () => {
  expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
});

describe('a failed call', () => {
  it('is found while a healthy server can be reached', () => {
    records.servers[0]?.reachable.begin('killed', 20 * SECOND);
    fail(failedAt(25 * SECOND));
    expect(promises()).toEqual([
      'no idempotent call fails while a healthy endpoint can be reached',
    ]);
  });

  it('is excused when no server can be, and for two seconds after', () => {
    for (const { reachable } of records.servers) reachable.begin('killed', 20 * SECOND);
    for (const { reachable } of records.servers) reachable.end('killed', 25 * SECOND);
    const call = failedAt(26 * SECOND);
    fail(call);
    expect(excuseFor(records, client, call)).toBe('no server reachable');
    expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
    expect(excuseFor(records, client, failedAt(28 * SECOND))).toBeUndefined();
  });

  it('is excused when the only healthy server is drained or unknown to the client', () => {
    records.servers[0]?.reachable.begin('killed', 20 * SECOND);
    client.views.push({
      from: 19 * SECOND,
      endpoints: [
        [A, 3],
        [B, 0],
      ],
    });
    expect(excuseFor(records, client, failedAt(25 * SECOND))).toBe('no server reachable');
    client.views.push({ from: 24 * SECOND, endpoints: [[A, 3]] });
    expect(excuseFor(records, client, failedAt(25 * SECOND))).toBe('no server reachable');
  });

  it('is excused when its client stood still', () => {
    client.running.begin('frozen', 20 * SECOND);
    client.running.end('frozen', 25 * SECOND);
    expect(excuseFor(records, client, failedAt(19.95 * SECOND, 6 * SECOND))).toBe('client frozen');
    expect(excuseFor(records, client, failedAt(27 * SECOND))).toBeUndefined();
  });
});

it('finds too many attempts, even if only for ten seconds', () => {
  for (const [index, { from }] of client.reports.entries()) {
    if (from >= 20 * SECOND && from < 31 * SECOND) {
      client.reports[index] = report(from, { attempts: 56 });
    }
  }
  expect(promises()).toEqual(['at most 1.3 attempts per call']);
});

describe('a view', () => {
  it('is found when it misses a server for more than two seconds', () => {
    registryFrom(
      20 * SECOND,
      new Map([
        [A, 3],
        [B, 9],
      ]),
    );
    client.views.push({
      from: 22.5 * SECOND,
      endpoints: [
        [A, 3],
        [B, 9],
      ],
    });
    expect(promises()).toEqual(["etcd's state is seen within 2000 ms"]);
  });

  it('is fine when it follows within two seconds', () => {
    registryFrom(
      20 * SECOND,
      new Map([
        [A, 3],
        [B, 9],
      ]),
    );
    client.views.push({
      from: 21.5 * SECOND,
      endpoints: [
        [A, 3],
        [B, 9],
      ],
    });
    expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
  });

  it('is found when it keeps a server that is no more registered', () => {
    registryFrom(20 * SECOND, new Map([[A, 3]]));
    expect(promises()).toEqual(["etcd's state is seen within 2000 ms"]);
  });

  it('may be old while the way to etcd is broken, and eight seconds after', () => {
    client.path.begin('cut', 19 * SECOND);
    client.path.end('cut', 25 * SECOND);
    registryFrom(20 * SECOND, new Map([[A, 3]]));
    client.views.push({ from: 32 * SECOND, endpoints: [[A, 3]] });
    expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
  });
});

describe('a dead server', () => {
  it('is found when it is seen longer than its lease and two seconds', () => {
    // etcd kept it, too: this is not about views.
    records.servers[1]?.running.begin('killed', 20 * SECOND);
    client.views.push({ from: 25.5 * SECOND, endpoints: [[A, 3]] });
    registryFrom(25.5 * SECOND, new Map([[A, 3]]));
    expect(promises()).toEqual(['no ghost outlives its lease and 2 s']);
  });

  it('may be seen longer when a new leader has given its lease more time', () => {
    records.servers[1]?.running.begin('killed', 20 * SECOND);
    records.etcd.begin('leader killed', 22 * SECOND);
    records.etcd.end('leader killed', 24 * SECOND);
    client.views.push({ from: 28.5 * SECOND, endpoints: [[A, 3]] });
    registryFrom(28.5 * SECOND, new Map([[A, 3]]));
    expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
  });
});

describe('shares of a quiet stretch', () => {
  it('are fine within a cycle', () => {
    quiet(301, 99);
    expect(check(records)).toEqual({ kind: 'kept', broken: [], disturbed: [] });
  });

  it('are found beyond one', () => {
    quiet(310, 90);
    expect(promises()).toEqual(['shares match weights within one cycle']);
  });

  it('are found when a server gets nothing', () => {
    records.quiet.push({
      from: 0,
      to: 1,
      client: 0,
      shares: { byServer: { a: 400 }, unclean: 0 },
      weights: { a: 3, b: 1 },
    });
    expect(promises()).toEqual(['shares match weights within one cycle']);
  });
});

it('does not count what happened while the machine stood still', () => {
  fail(failedAt(25 * SECOND, SECOND));
  expect(check(records).broken).toHaveLength(1);
  records.stalls.push({ from: 25.5 * SECOND, to: 25.9 * SECOND });
  expect(check(records).broken).toEqual([]);
  expect(check(records).disturbed).toHaveLength(1);
  fail(failedAt(40 * SECOND));
  expect(check(records).broken).toHaveLength(1);
});

it('gives no verdict when the machine stood still in more than a quarter of the seconds', () => {
  fail(failedAt(50 * SECOND));
  const kind = () => check(records).kind;
  expect(kind()).toBe('broken');
  for (let second = 0; second < 15; second++) {
    records.stalls.push({ from: (second + 0.3) * SECOND, to: (second + 0.6) * SECOND });
  }
  expect(kind()).toBe('broken');
  records.stalls.push({ from: 15.3 * SECOND, to: 15.6 * SECOND });
  expect(kind()).toBe('none');
  expect(check(records).broken).toHaveLength(1);
});

it('finds growth of a client, and processes that ended', () => {
  for (const [index, heapUsed] of [20e6, 24e6, 40e6].entries()) {
    const footprint = { heapUsed, rss: 0, handles: 5 + index * 10 };
    records.footprints.push({ at: index, process: 'client 0', footprint });
  }
  records.crashes.push('gone');
  expect(promises().toSorted()).toEqual([
    'memory and handles stay flat',
    'no process ends by itself',
  ]);
});
