import { expect, it } from 'vitest';
import type { Policy, PolicyKind, Reply, Sent } from '../src/fleet/policies/policy.ts';
import { prequal, prequalByInFlight } from '../src/fleet/policies/prequal.ts';
import { peakEwma, twoChoices } from '../src/fleet/policies/with-load.ts';
import { createStream } from '../src/fleet/random.ts';

const REPLY: Reply = { inFlight: 0, qps: 1, utilization: 0.1, queued: 0, serviceMs: 1 };

interface SetUp {
  readonly policy: Policy;
  /** Servers that were asked for their load. */
  readonly probes: number[];
}

function setUp(kind: PolicyKind, weights: readonly number[], hasBreakers = false): SetUp {
  const probes: number[] = [];
  const random = createStream(1, 'policy');
  const policy = kind.create({ random, hasBreakers, probe: (server) => probes.push(server) });
  policy.setServers(
    weights.map((weight, index) => ({ index, key: `server-${index}`, weight })),
    0,
  );
  return { policy, probes };
}

function pick(policy: Policy, now: number, tried?: ReadonlySet<string>): Sent {
  const sent = policy.pick(now, tried);
  if (sent === undefined) throw new Error('nothing was picked');
  return sent;
}

/** How many of so many calls at once go to each server. */
function spread(policy: Policy, calls: number, servers: number, now = 0): number[] {
  const counts = Array.from({ length: servers }, () => 0);
  for (let i = 0; i < calls; i++) {
    const { server } = pick(policy, now);
    counts[server] = (counts[server] ?? 0) + 1;
  }
  return counts;
}

it('of two choices the less loaded for its weight wins: calls that stay spread by weight', () => {
  expect(spread(setUp(twoChoices, [1, 3]).policy, 400, 2)).toEqual([100, 300]);
});

it('peak-EWMA balances average latency × (calls in flight + 1)', () => {
  const { policy } = setUp(peakEwma, [1, 1]);
  // Both are said to need 30 ms at first. One answers in 60 ms: from then on it counts for twice that.
  const [a, b] = [pick(policy, 0), pick(policy, 0)];
  a.end(60, 'success', 60, REPLY);
  b.end(60, 'success', 30, REPLY);
  const counts = spread(policy, 300, 2, 60);
  expect((counts[b.server] ?? 0) / (counts[a.server] ?? 0)).toBeCloseTo(2, 1);
});

it("peak-EWMA takes a peak at once, and forgets it with its decay's time", () => {
  const { policy } = setUp(peakEwma, [1, 1]);
  const [a, b] = [pick(policy, 0), pick(policy, 0)];
  a.end(30, 'success', 3_000, REPLY);
  b.end(30, 'success', 30, REPLY);
  expect(spread(policy, 90, 2, 30)[a.server]).toBe(0);
  // While it gets nothing, what is known of it fades: 3,000 ms · e^(−t / 10 s).
  const quiet = setUp(peakEwma, [1, 1]).policy;
  const [c, d] = [pick(quiet, 0), pick(quiet, 0)];
  c.end(30, 'success', 3_000, REPLY);
  for (let now = 0; now < 60_000; now += 100) {
    const sent = pick(quiet, now, new Set([c.key]));
    sent.end(now, 'success', 30, REPLY);
  }
  d.end(60_000, 'success', 30, REPLY);
  expect(spread(quiet, 20, 2, 60_000)[c.server]).toBeGreaterThan(5);
});

it('Prequal probes three servers a call, none twice', () => {
  const { policy, probes } = setUp(prequal, [1, 1, 1, 1, 1]);
  for (let call = 0; call < 100; call++) {
    pick(policy, call);
    expect(new Set(probes.splice(0)).size).toBe(3);
  }
});

it('Prequal takes the fastest that is not hot', () => {
  const { policy } = setUp(prequal, [1, 1, 1]);
  for (let i = 0; i < 40; i++) {
    policy.probed?.(0, 2, 50, 0);
    policy.probed?.(1, 2, 20, 0);
  }
  for (let i = 0; i < 20; i++) policy.probed?.(2, 9, 1, 0); // hot: at the 84th percentile
  expect(pick(policy, 1).server).toBe(1);
});

it('Prequal takes the least loaded when all are hot', () => {
  const { policy } = setUp(prequal, [1, 1]);
  for (let i = 0; i < 100; i++) policy.probed?.(0, 1, 1, 0);
  policy.probed?.(0, 8, 1, 1);
  policy.probed?.(1, 6, 900, 1);
  expect(pick(policy, 2).server).toBe(1);
});

it('Prequal counts its own calls on what a probe said, and forgets it after a second', () => {
  const { policy } = setUp(prequalByInFlight, [1, 2]);
  policy.probed?.(0, 0, 1, 0);
  policy.probed?.(1, 0, 1, 0);
  const counts = spread(policy, 30, 2, 1);
  expect(counts).toEqual([10, 20]);
  policy.probed?.(0, 0, 1, 2);
  expect(spread(policy, 2, 2, 900)[0]).toBe(2);
  const later = spread(policy, 200, 2, 1_100); // nothing is known: at random
  expect(later[0]).toBeGreaterThan(60);
  expect(later[1]).toBeGreaterThan(60);
});

it('peers have breakers where all have them, and go elsewhere with a second attempt', () => {
  const { policy } = setUp(twoChoices, [1, 1, 1], true);
  const broken = pick(policy, 0);
  for (let i = 0; i < 5; i++) {
    const others = new Set(
      ['server-0', 'server-1', 'server-2'].filter((key) => key !== broken.key),
    );
    pick(policy, i, others).end(i, 'failure', 1, undefined);
  }
  expect(spread(policy, 60, 3, 100)[broken.server]).toBe(0);
  expect(pick(policy, 100, new Set(['server-0'])).server).not.toBe(0);
  expect(spread(policy, 60, 3, 1_100)[broken.server]).toBe(1); // a probe
});
