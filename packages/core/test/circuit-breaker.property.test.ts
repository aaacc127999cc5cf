import {
  backoffMs,
  type CircuitBreakerEvent,
  type CircuitBreakerJson,
  createCircuitBreaker,
  type Outcome,
} from '@wrr/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  breakerHistory,
  breakerOptions,
  must,
  PATIENCE,
  play,
  seeded,
  thorough,
} from './breaker-kit.ts';
import { NaiveBreaker } from './naive-breaker.ts';

const edges = new Map<string, number>();

function edgeOf({ from, to, reason }: CircuitBreakerEvent): string {
  return `${from} → ${to}: ${reason}`;
}

function countEdge(event: CircuitBreakerEvent): void {
  edges.set(edgeOf(event), (edges.get(edgeOf(event)) ?? 0) + 1);
}

describe('over random histories', () => {
  it('decides as the naive model that keeps every call', PATIENCE, () => {
    fc.assert(
      fc.property(breakerOptions, breakerHistory, fc.integer(), (options, steps, seed) => {
        const real = createCircuitBreaker({ ...options, random: seeded(seed), onEvent: countEdge });
        const model = new NaiveBreaker({ ...options, random: seeded(seed) });
        play([real, model], steps, (now, tokens) => {
          must(tokens[0] === tokens[1], 'the same calls are granted');
          must(real.state === model.state, 'the same state');
          must(real.trips === model.trips, 'the same number of trips');
          for (const at of [now, now + 30]) {
            must(real.pickable(at) === model.pickable(at), 'the same promise');
            must(real.retryAfterMs(at) === model.retryAfterMs(at), 'the same wait');
          }
        });
      }),
      { numRuns: thorough ? 4_000 : 100 },
    );
  });

  it('keeps the invariants 3–10, 13–20, 25–27 after every step', PATIENCE, () => {
    fc.assert(
      fc.property(breakerOptions, breakerHistory, fc.integer(), (options, steps, seed) => {
        const events: CircuitBreakerEvent[] = [];
        const breaker = createCircuitBreaker({
          ...options,
          random: seeded(seed),
          onEvent: (event) => events.push(event),
        });
        const { maxOpenMs = 0, jitter = 0, probes = 0, probeConcurrency = 0 } = options;
        const { probeLeaseMs = 0 } = options;
        const longest = maxOpenMs * (1 + jitter);
        let before = breaker.toJSON();
        let seen = 0;
        play([breaker], steps, (now, [token = 0]) => {
          const json = breaker.toJSON();
          const news = events.slice(seen);
          seen = events.length;
          must(json.at >= before.at && Number.isFinite(json.at), 'I3: time never decreases');
          must(json.generation === events.length, 'I4: a generation for each transition');
          must(
            news.every((event) => ALLOWED.includes(edgeOf(event))),
            'I5: only known edges',
          );
          must(token === 0 || token >= json.firstToken, 'I8: a token of this generation');
          must(token === 0 || token > before.lastToken, 'I9: no token twice');

          const wait = breaker.retryAfterMs(now);
          const granted = createCircuitBreaker(options, json).acquire(now) > 0;
          must(breaker.pickable(now) === granted, 'I7: pickable keeps its promise');
          must((wait === 0) === granted, 'I6: granted, or told how long to wait');
          const bound = json.state === 'half-open' ? longest + probeLeaseMs : longest;
          must(breaker.mode !== 'auto' || wait <= bound * 1.000001, 'I10: waits are bounded');

          const { leases = [], succeeded = 0, ignored = 0 } = json.probes ?? {};
          must(leases.length <= probeConcurrency, 'I13: probes at once are bounded');
          must((json.probes !== null) === (json.state === 'half-open'), 'I14: probes only there');
          must(succeeded < probes && ignored < 10, 'I15: verdicts are immediate');
          for (const { expiresAt } of leases) {
            must(expiresAt > json.at, 'I16: a lease in flight has not expired');
            must(expiresAt - json.at <= probeLeaseMs, 'I16: leases are bounded');
          }
          const { buckets } = json.window;
          must(buckets.length === 30, 'I19: memory is fixed');
          must(Math.min(...buckets) >= 0, 'I18: no negative bucket');
          if (json.state === 'open') {
            const time = json.until - json.since;
            must(time >= 0 && time <= longest * 1.000001, 'I20: the open time is bounded');
          }
          for (const { to, reason } of news) {
            if (to !== 'closed' || reason === 'forced') continue;
            must(before.probes?.succeeded === probes - 1, 'I26, I27: closed by enough probes');
          }
          if (news.at(-1)?.to === 'closed') {
            must(json.failuresInARow === 0 && Math.max(...buckets) === 0, 'I25: a clean slate');
          }
          before = json;
        });
      }),
      { numRuns: thorough ? 400 : 100 },
    );
  });
});

it('I16: a probe is given up at its deadline', () => {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1 });
  breaker.settle(breaker.acquire(0), 0, 'failure');
  breaker.acquire(1_000, 1_250);
  expect(breaker.toJSON().probes?.leases).toMatchObject([{ expiresAt: 1_250 }]);
});

it('I17: the counts are those of the calls in the window', () => {
  const rules = { consecutiveFailures: false, slowCallRate: 1, slowCallMs: 10 } as const;
  const never = { ...rules, minimumCalls: 1_000_000 };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(400), fc.boolean(), fc.nat(20))), (calls) => {
      const breaker = createCircuitBreaker({ ...never, windowMs: 1_000 });
      let now = 0;
      const made: [slot: number, failed: number, slow: number][] = [];
      for (const [dt, ok, latencyMs] of calls) {
        now += dt;
        const slot = Math.floor(now / 100);
        breaker.settle(breaker.acquire(now), now, ok ? 'success' : 'failure', latencyMs);
        made.push([slot, ok ? 0 : 1, latencyMs > 10 ? 1 : 0]);
        const expected = Array.from({ length: 10 }, (_, i) => {
          const inBucket = made.filter(([at]) => at === slot - 9 + i);
          const sum = (field: 1 | 2): number => inBucket.reduce((n, call) => n + call[field], 0);
          return [inBucket.length, sum(1), sum(2)];
        });
        expect(breaker.toJSON().window).toMatchObject({ slot, buckets: expected.flat() });
      }
    }),
  );
});

it('I28, I29: the open time is finite and bounded, and never shorter after more trips', () => {
  const settings = { initialMs: 1_000, maxMs: 60_000, multiplier: 2, jitter: 0.1 };
  fc.assert(
    fc.property(fc.nat(2_000_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, sample) => {
      const wait = backoffMs(n + 1, sample, settings);
      expect(wait).toBeGreaterThanOrEqual(900);
      expect(wait).toBeLessThanOrEqual(66_000);
      expect(backoffMs(n + 2, sample, settings)).toBeGreaterThanOrEqual(wait);
    }),
  );
});

const ALLOWED = [
  'closed → open: consecutive-failures',
  'closed → open: failure-rate',
  'closed → open: slow-call-rate',
  'open → half-open: open-time-over',
  'half-open → closed: probes-succeeded',
  'half-open → open: probe-failed',
  'half-open → open: probe-lost',
  'half-open → open: probes-inconclusive',
  ...['closed', 'open', 'half-open'].flatMap((from) =>
    ['closed', 'open'].map((to) => `${from} → ${to}: forced`),
  ),
];

afterAll(() => {
  const missed = ALLOWED.filter((edge) => thorough && (edges.get(edge) ?? 0) < 100);
  expect(missed, 'every edge is reached at least 100 times').toEqual([]);
});

it('I1: asking changes nothing', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, fc.nat(500), (options, steps, later) => {
      const breaker = createCircuitBreaker(options);
      play([breaker], steps, (now) => {
        const before = JSON.stringify(breaker);
        breaker.pickable(now + later);
        breaker.retryAfterMs(now + later);
        breaker.toJSON(now + later);
        expect(JSON.stringify(breaker)).toBe(before);
      });
    }),
    { numRuns: thorough ? 50 : 100 },
  );
});

it('I2: a copy made from its JSON goes on exactly as the original', PATIENCE, () => {
  fc.assert(
    fc.property(
      breakerOptions,
      breakerHistory,
      breakerHistory,
      fc.integer(),
      (options, first, then, seed) => {
        const original = createCircuitBreaker(options);
        play([original], first, () => {});
        const json = JSON.parse(JSON.stringify(original)) as CircuitBreakerJson;
        const random = seeded(seed);
        const sample = { ...json, sample: random() };
        const both = [
          createCircuitBreaker({ ...options, random: seeded(seed) }, sample),
          createCircuitBreaker({ ...options, random: seeded(seed) }, sample),
        ] as const;
        expect(both[0].toJSON()).toEqual(sample);
        play(both, then, () => {
          expect(JSON.stringify(both[1])).toBe(JSON.stringify(both[0]));
        });
        play([original, createCircuitBreaker(options, json)], then, (_, [a, b]) => {
          expect(a).toBe(b);
        });
      },
    ),
    { numRuns: thorough ? 200 : 100 },
  );
});

it('I11: a result of an earlier state changes nothing', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, (options, steps) => {
      const breaker = createCircuitBreaker(options);
      play([breaker], steps, () => {
        const { firstToken, lastToken, at } = breaker.toJSON();
        const before = JSON.stringify(breaker);
        const stale = [0, -1, 1.5, Number.NaN, firstToken - 1, lastToken + 1, 1e300];
        for (const token of stale) {
          if (token >= firstToken && token <= lastToken) continue;
          for (const outcome of ['success', 'failure', 'ignored'] as const) {
            breaker.settle(token, at, outcome, 1_000);
          }
        }
        expect(JSON.stringify(breaker)).toBe(before);
      });
    }),
    { numRuns: thorough ? 100 : 100 },
  );
});

it('I12: the second result of a probe changes nothing', () => {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1, probes: 2 });
  breaker.settle(breaker.acquire(0), 0, 'failure');
  const probe = breaker.acquire(1_000);
  breaker.settle(probe, 1_000, 'success');
  const before = JSON.stringify(breaker);
  for (const outcome of ['success', 'failure', 'ignored'] as const) {
    breaker.settle(probe, 1_000, outcome);
  }
  expect(JSON.stringify(breaker)).toBe(before);
});

it('I21: only a counted outcome opens a closed circuit', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, (options, steps) => {
      let acting = '';
      const breaker = createCircuitBreaker({
        ...options,
        onEvent: ({ from, to, reason }) => {
          if (from === 'closed' && to === 'open' && reason !== 'forced') {
            expect(acting).toMatch(/^settle (failure|success)$/);
          }
        },
      });
      for (const step of steps) {
        acting = step.do === 'settle' ? `settle ${step.outcome}` : step.do;
        play([breaker], [step], () => {});
      }
    }),
    { numRuns: thorough ? 200 : 100 },
  );
});

it('I22: even if nothing in flight ever settles, a call is let through before long', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, (options, steps) => {
      const breaker = createCircuitBreaker({ ...options, random: seeded(steps.length) });
      play([breaker], steps, () => {});
      breaker.force('auto');
      const start = breaker.toJSON().at;
      const { maxOpenMs = 0, probeLeaseMs = 0, jitter = 0 } = options;
      const bound = 2 * maxOpenMs * (1 + jitter) + 2 * probeLeaseMs;
      expect(breaker.pickable(start + bound)).toBe(true);
      expect(breaker.acquire(start + bound)).toBeGreaterThan(0);
    }),
  );
});

it('I23: when all goes well from now on, it closes within as many probes as it needs', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, (options, steps) => {
      const breaker = createCircuitBreaker(options);
      play([breaker], steps, () => {});
      breaker.force('auto');
      const { probes = 0 } = options;
      // First whatever is in flight is lost, and the open time passes.
      let now = breaker.toJSON().at + 1_000_000;
      for (let i = 0; i < probes && breaker.state !== 'closed'; i++) {
        const token = breaker.acquire(now);
        expect(token).toBeGreaterThan(0);
        breaker.settle(token, now++, 'success');
      }
      expect(breaker.state).toBe('closed');
    }),
  );
});

const outcomes = fc.array(fc.constantFrom<Outcome>('success', 'failure', 'ignored'), {
  maxLength: 60,
});

/** Feeds outcomes to a closed breaker; returns at which of them it opened. */
function tripsAt(
  breaker: ReturnType<typeof createCircuitBreaker>,
  trace: readonly Outcome[],
  at: (i: number) => number,
): number {
  for (const [i, outcome] of trace.entries()) {
    breaker.settle(breaker.acquire(at(i)), at(i), outcome);
    if (breaker.state === 'open') return i;
  }
  return Number.POSITIVE_INFINITY;
}

it('I24: after a silent window one failure cannot open it (without the rule for failures in a row)', () => {
  fc.assert(
    fc.property(breakerOptions, outcomes, fc.nat(10_000), (options, trace, more) => {
      const { windowMs = 0 } = options;
      const quiet = { ...options, consecutiveFailures: false as const, minimumCalls: 2 };
      const breaker = createCircuitBreaker(quiet);
      tripsAt(breaker, trace, () => 0);
      breaker.force('open');
      breaker.force('auto');
      tripsAt(breaker, trace, () => 0);
      if (breaker.state !== 'closed') return;
      breaker.settle(breaker.acquire(windowMs + more), windowMs + more, 'failure');
      expect(breaker.state).toBe('closed');
    }),
  );
});

it('I30: below the minimum, and below the limit for failures in a row, it never opens', () => {
  fc.assert(
    fc.property(outcomes, fc.integer({ min: 1, max: 70 }), (trace, minimumCalls) => {
      const breaker = createCircuitBreaker({ consecutiveFailures: false, minimumCalls });
      const counted = trace.filter((outcome) => outcome !== 'ignored').length;
      const opened = tripsAt(breaker, trace, () => 0) !== Number.POSITIVE_INFINITY;
      if (counted < minimumCalls) expect(opened).toBe(false);
    }),
  );
});

it('I31: turning a success into a failure never opens it later', () => {
  fc.assert(
    fc.property(breakerOptions, outcomes, fc.nat(), (options, trace, at) => {
      const i = trace.length === 0 ? 0 : at % trace.length;
      if (trace[i] !== 'success') return;
      const worse = trace.with(i, 'failure');
      const first = tripsAt(createCircuitBreaker(options), trace, () => 0);
      expect(tripsAt(createCircuitBreaker(options), worse, () => 0)).toBeLessThanOrEqual(first);
    }),
  );
});

it('I32: within a window, how the calls are spread does not matter', () => {
  fc.assert(
    fc.property(breakerOptions, outcomes, (options, trace) => {
      const { windowMs = 0 } = options;
      const spread = (i: number): number => (i * windowMs * 0.9) / Math.max(1, trace.length);
      const bunched = tripsAt(createCircuitBreaker(options), trace, () => 0);
      expect(tripsAt(createCircuitBreaker(options), trace, spread)).toBe(bunched);
    }),
  );
});

it('I33: what is ignored might as well not have happened', () => {
  fc.assert(
    fc.property(breakerOptions, outcomes, (options, trace) => {
      const mixed = createCircuitBreaker(options);
      const without = createCircuitBreaker(options);
      tripsAt(mixed, trace, () => 0);
      tripsAt(
        without,
        trace.filter((outcome) => outcome !== 'ignored'),
        () => 0,
      );
      expect(mixed.state).toBe(without.state);
      const { buckets } = mixed.toJSON().window;
      if (mixed.state === 'closed') expect(buckets).toEqual(without.toJSON().window.buckets);
    }),
  );
});

it('I34: forced, it does what it is told and records nothing; let go, it starts afresh', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, outcomes, (options, steps, trace) => {
      const breaker = createCircuitBreaker(options);
      play([breaker], steps, () => {});
      breaker.force('auto');
      for (const mode of ['open', 'closed'] as const) {
        const before = breaker.toJSON().generation;
        breaker.force(mode);
        expect([breaker.mode, breaker.state]).toEqual([mode, mode]);
        const { at } = breaker.toJSON();
        for (const outcome of trace) {
          const token = breaker.acquire(at);
          expect(token > 0).toBe(mode === 'closed');
          expect(breaker.pickable(at)).toBe(mode === 'closed');
          breaker.settle(token, at, outcome);
        }
        breaker.force('auto');
        expect(breaker.toJSON()).toMatchObject({ state: 'closed', trips: 0, failuresInARow: 0 });
        expect(breaker.toJSON().generation).toBe(before + 2);
        expect(Math.max(...breaker.toJSON().window.buckets)).toBe(0);
      }
    }),
    { numRuns: thorough ? 50 : 100 },
  );
});

it('I35: a listener that throws, or that calls back, changes nothing but by what it calls', () => {
  fc.assert(
    fc.property(breakerOptions, breakerHistory, (options, steps) => {
      const silent = createCircuitBreaker(options);
      const heard: string[] = [];
      const loud = createCircuitBreaker({
        ...options,
        onEvent: (event) => {
          heard.push(edgeOf(event));
          expect(loud.state).toBe(event.to);
          loud.pickable(event.at);
          throw new Error('listener');
        },
      });
      play([silent, loud], steps, () => {
        const { generation } = loud.toJSON();
        expect(JSON.stringify(loud)).toBe(JSON.stringify(silent));
        expect(heard).toHaveLength(generation);
      });
    }),
    { numRuns: thorough ? 100 : 100 },
  );
});

it('I35: what a listener brings about is told after what it was told', () => {
  const heard: string[] = [];
  const breaker = createCircuitBreaker({
    consecutiveFailures: 1,
    onEvent: (event) => {
      heard.push(edgeOf(event));
      if (event.reason === 'probe-lost') breaker.force('closed');
    },
  });
  breaker.settle(breaker.acquire(0), 0, 'failure');
  breaker.acquire(1_000);
  expect(breaker.acquire(100_000)).toBeGreaterThan(0);
  expect(heard).toEqual([
    'closed → open: consecutive-failures',
    'open → half-open: open-time-over',
    'half-open → open: probe-lost',
    'open → half-open: open-time-over',
    'half-open → closed: forced',
  ]);
});
