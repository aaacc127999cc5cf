import { createSmoothWeightedRoundRobin, type Endpoint } from '@wrr/core';
import { adaptiveDispatch } from '@wrr/core/adaptive';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdaptiveSetUp,
  adaptiveBalancer,
  begin,
  beginAt,
  electing,
  endpointsOf,
  History,
  keysOfCalls,
  LOOPS,
  loadOf,
  QUEUES,
  seeded,
  stepOf,
} from './adaptive-kit.ts';
import { keysOf } from './balancer-kit.ts';

const weightsArb = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
const limitsArb = fc.constantFrom(LOOPS, QUEUES);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Endpoints in rotation, with what a check needs of them. */
function inRotation({ balancer }: AdaptiveSetUp) {
  return balancer
    .endpoints()
    .filter(({ available, weight }) => available && weight > 0)
    .map((endpoint) => {
      const { load, weight, warmUpFactor } = endpoint;
      if (load === undefined) throw new Error('no load');
      const capacity = weight * load.latencyMultiplier * load.capacityMultiplier * warmUpFactor;
      return { ...endpoint, ...load, capacity };
    });
}

/** Plays a history, and checks each pick against the state before it. */
function checkPicks(
  steps: readonly Parameters<History['play']>[0][],
  weights: readonly number[],
  setUp: AdaptiveSetUp,
  check: (
    before: ReturnType<typeof inRotation>,
    picked: string | undefined,
    setUp: AdaptiveSetUp,
  ) => void,
): void {
  const history = new History(setUp, endpointsOf(weights));
  for (const step of steps) {
    if (step.do !== 'pick') {
      history.play(step);
      continue;
    }
    setUp.balancer.pick(); // brings levels and multipliers up to date: the next pick is at the same time
    const before = inRotation(setUp);
    history.play(step);
    check(before, history.keys.at(-1), setUp);
  }
}

const historyArb = (wanted?: Parameters<typeof stepOf>[0]) =>
  fc.array(stepOf(wanted), { minLength: 5, maxLength: 120 });

describe('1. without load, the sequence is that of smooth weighted round robin', () => {
  it('from the start, and when endpoints go and return, as long as nobody is owed too much', () => {
    fc.assert(
      fc.property(
        weightsArb,
        limitsArb,
        fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat(), fc.boolean()), { maxLength: 6 }),
        (weights, limits, changes) => {
          const { balancer } = adaptiveBalancer(weights, { dispatch: electing(limits) });
          const scheduler = createSmoothWeightedRoundRobin<string>();
          for (const { key, weight } of endpointsOf(weights)) scheduler.set(key, weight);
          const away = new Set<string>();
          const same = (calls: number) => {
            for (let i = 0; i < calls; i++) {
              const credits = endpointsOf(weights)
                .filter(({ key }) => !away.has(key))
                .map(({ key }) => scheduler.credit(key) ?? 0);
              const most = Math.max(...credits) - sum(credits) / credits.length;
              if (changes.length > 0 && most > scheduler.totalWeight) return;
              const pick = balancer.pick();
              expect(pick.kind === 'none' ? undefined : pick.endpoint.key).toBe(scheduler.next());
              if (pick.kind === 'none') return;
              pick.attempt.start();
              pick.attempt.end('success', { latencyMs: 1 });
            }
          };
          same(2 * sum(weights));
          for (const [calls, endpoint, available] of changes) {
            const key = String(endpoint % weights.length);
            balancer.setAvailable(key, available);
            scheduler.setAvailable(key, available);
            if (available) away.delete(key);
            else away.add(key);
            same(calls);
          }
        },
      ),
    );
  });

  it('at a random phase: that of a scheduler with the endpoints in the order of their ranks', () => {
    fc.assert(
      fc.property(weightsArb, fc.nat(), (weights, seed) => {
        const { balancer } = adaptiveBalancer(weights, { random: seeded(seed) });
        const random = seeded(seed);
        const ranked = weights
          .map((weight, i) => ({ key: String(i), weight, rank: random() }))
          .toSorted((a, b) => a.rank - b.rank);
        const scheduler = createSmoothWeightedRoundRobin<string>({ random });
        for (const { key, weight } of ranked) scheduler.set(key, weight);
        const calls = 2 * sum(weights);
        expect(keysOfCalls(balancer, calls)).toEqual(
          Array.from({ length: calls }, () => scheduler.next()),
        );
      }),
    );
  });
});

it('2. a pick is in rotation and untried, and there is one while there can be', () => {
  fc.assert(
    fc.property(weightsArb, historyArb(), limitsArb, (weights, steps, limits) => {
      const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
      const history = new History(setUp, endpointsOf(weights));
      for (const step of steps) {
        const tried =
          step.do === 'begin' ? history.open.slice(0, step.tried).map(({ key }) => key) : [];
        history.play(step);
        if (step.do !== 'begin' && step.do !== 'pick') continue;
        const possible = inRotation(setUp)
          .map(({ key }) => key)
          .filter((key) => !tried.includes(key));
        const picked = history.keys.at(-1);
        if (picked === undefined) expect(possible).toEqual([]);
        else expect(possible).toContain(picked);
      }
    }),
  );
});

it('3. the winner is eligible: nobody is less loaded by more than the slack', () => {
  fc.assert(
    fc.property(
      weightsArb,
      historyArb({ reports: false }),
      limitsArb,
      fc.constantFrom(0.3, 0.5, 2),
      (weights, steps, limits, slack) => {
        const setUp = adaptiveBalancer(weights, { dispatch: electing(limits, { slack }) });
        checkPicks(steps, weights, setUp, (before, picked) => {
          const winner = before.find(({ key }) => key === picked);
          if (winner === undefined) return;
          const mean = sum(before.map(({ weight }) => weight)) / before.length;
          for (const other of before) {
            const smallest = Math.min(winner.capacity, other.capacity);
            expect(winner.level).toBeLessThanOrEqual(
              other.level + (slack * mean) / smallest + 1e-9,
            );
          }
        });
      },
    ),
  );
});

it('4. a pick gives all their share and takes one call from the winner, unless one was clamped', () => {
  fc.assert(
    fc.property(weightsArb, historyArb(), limitsArb, (weights, steps, limits) => {
      const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
      checkPicks(steps, weights, setUp, (before, picked) => {
        if (picked === undefined) return;
        const after = new Map(inRotation(setUp).map(({ key, credit }) => [key, credit]));
        for (const credit of after.values()) {
          expect(Math.abs(credit)).toBeLessThanOrEqual(33);
        }
        const credits = [...after.values(), ...before.map(({ credit }) => credit)];
        if (Math.max(...credits) > 15.999 || Math.min(...credits) < -15) return;
        const total = sum(before.map(({ capacity }) => capacity));
        const changes = before.map(({ key, credit, capacity }) => {
          const price = key === picked ? 1 : 0;
          return (after.get(key) ?? 0) - credit - capacity / total + price;
        });
        expect(Math.max(...changes) - Math.min(...changes)).toBeLessThan(0.01);
      });
    }),
  );
});

it('5. calls on an endpoint are the picks that have not ended; each ends once', () => {
  fc.assert(
    fc.property(
      weightsArb,
      historyArb({ failures: false, reports: false, weights: false }),
      limitsArb,
      (weights, steps, limits) => {
        const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
        const history = new History(setUp, endpointsOf(weights));
        const calls = () => {
          const slots = inRotation(setUp);
          const mean = sum(slots.map(({ weight }) => weight)) / slots.length;
          return slots.map(({ key, level, capacity }) => [key, (level * capacity) / mean] as const);
        };
        for (const step of steps) {
          if (step.do === 'pick') continue;
          history.play(step);
          if (setUp.balancer.pick().kind === 'none') continue;
          // That pick never starts: it counts until it is forgotten.
          setUp.clock.advance(2_000);
          setUp.balancer.pick({ tried: new Set(weights.map((_, i) => String(i))) });
          for (const [key, count] of calls()) {
            const open = history.open.filter((call) => call.key === key).length;
            expect(count).toBeCloseTo(open, 6);
          }
        }
        for (const { attempt } of history.open) {
          attempt.end('success', { latencyMs: 1 });
          attempt.end('failure', { latencyMs: 1 });
        }
        for (const [, count] of calls()) expect(count).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

it('6. an endpoint at the lowest level with the top credit is picked', () => {
  fc.assert(
    fc.property(weightsArb, historyArb(), limitsArb, (weights, steps, limits) => {
      const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
      checkPicks(steps, weights, setUp, (before, picked) => {
        const total = sum(before.map(({ capacity }) => capacity));
        const bids = before.map((slot) => ({ ...slot, bid: slot.credit + slot.capacity / total }));
        const lowest = Math.min(...bids.map(({ level }) => level));
        const top = bids.find((slot) => {
          const isTop = bids.every((other) => other === slot || other.bid < slot.bid - 1e-3);
          return slot.level === lowest && isTop;
        });
        if (top !== undefined && top.credit < 15.99) expect(picked).toBe(top.key);
      });
    }),
  );
});

it('7. who was busy for long gets at most 18 calls above its share', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 8 }),
      fc.integer({ min: 1, max: 2_000 }),
      limitsArb,
      (weights, busy, limits) => {
        const { balancer } = adaptiveBalancer(weights, { dispatch: electing(limits) });
        const attempts = Array.from({ length: 20 }, () => beginAt(balancer, '0'));
        keysOfCalls(balancer, busy);
        for (const attempt of attempts) attempt.end('ignored', { latencyMs: 1 });
        const share = (weights[0] ?? 0) / sum(weights);
        let picks = 0;
        for (const [i, key] of keysOfCalls(balancer, 100 + 4 * sum(weights)).entries()) {
          if (key === '0') picks++;
          expect(picks).toBeLessThanOrEqual((i + 1) * share + 18);
        }
      },
    ),
  );
});

describe('8. multipliers', () => {
  it('stay within their bounds, whatever servers report', () => {
    fc.assert(
      fc.property(weightsArb, historyArb(), limitsArb, (weights, steps, limits) => {
        const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
        const history = new History(setUp, endpointsOf(weights));
        for (const step of steps) {
          history.play(step);
          for (const slot of inRotation(setUp)) {
            expect(slot.latencyMultiplier).toBeGreaterThanOrEqual(1 / 32);
            expect(slot.latencyMultiplier).toBeLessThanOrEqual(1);
            expect(slot.capacityMultiplier).toBeGreaterThanOrEqual(1 / 16);
            expect(slot.capacityMultiplier).toBeLessThanOrEqual(8);
            expect(Number.isFinite(slot.level)).toBe(true);
            expect(slot.level).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  it('are all 1 while capacities are in proportion to the weights, whatever their scale', () => {
    fc.assert(
      fc.property(
        weightsArb,
        fc.double({ min: 0.01, max: 1_000, noNaN: true }),
        (weights, scale) => {
          const { balancer, clock } = adaptiveBalancer(weights);
          for (let i = 0; i < 20 * weights.length; i++) {
            const { key, attempt } = begin(balancer);
            const qps = (weights[Number(key)] ?? 0) * scale;
            attempt.end('success', { latencyMs: 5, report: { qps, utilization: 0.5 } });
            clock.advance(20);
          }
          for (const [i] of weights.entries()) {
            expect(loadOf(balancer, String(i)).capacityMultiplier).toBe(1);
          }
        },
      ),
    );
  });
});

it('9. equal latencies change no weight, whatever their scale', () => {
  fc.assert(
    fc.property(
      weightsArb,
      fc.double({ min: 0, max: 5_000, noNaN: true }),
      (weights, latencyMs) => {
        const { balancer, clock } = adaptiveBalancer(weights);
        for (let i = 0; i < 30 * sum(weights); i++) {
          keysOfCalls(balancer, 1, latencyMs);
          clock.advance(3);
        }
        for (const [i] of weights.entries()) {
          expect(loadOf(balancer, String(i)).latencyMultiplier).toBe(1);
        }
      },
    ),
    { numRuns: 30 },
  );
});

it('10. a failure never lowers the level of its endpoint', () => {
  fc.assert(
    fc.property(weightsArb, historyArb(), limitsArb, (weights, steps, limits) => {
      const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
      const history = new History(setUp, endpointsOf(weights));
      for (const step of steps) {
        if (step.do !== 'end' || step.outcome !== 'failure') {
          history.play(step);
          continue;
        }
        const call = history.open.shift();
        if (call === undefined) continue;
        const before = loadOf(setUp.balancer, call.key).level;
        call.attempt.end('failure');
        const after = loadOf(setUp.balancer, call.key).level;
        expect(after).toBeGreaterThanOrEqual(before - 1e-9);
      }
    }),
  );
});

it('11. two seconds after the last failure nothing is left of it, and all are picked again', () => {
  fc.assert(
    fc.property(weightsArb, historyArb({ weights: false }), limitsArb, (weights, steps, limits) => {
      const setUp = adaptiveBalancer(weights, { dispatch: electing(limits) });
      const { balancer, clock } = setUp;
      const history = new History(setUp, endpointsOf(weights));
      for (const step of steps) history.play(step);
      for (const { attempt } of history.open) attempt.end('failure', { latencyMs: 0 });
      for (const [i] of weights.entries()) balancer.setAvailable(String(i), true);
      clock.advance(4_500); // attempts may end up to 2.5 s after the clock of the history
      const keys = new Set<string>();
      for (let i = 0; i < 3_000 && keys.size < weights.length; i++) {
        for (const key of keysOfCalls(balancer, 1, 10)) keys.add(key);
        clock.advance(1);
      }
      for (const [i] of weights.entries()) expect(loadOf(balancer, String(i)).phantom).toBe(0);
      expect(keys.size).toBe(weights.length);
    }),
    { numRuns: 60 },
  );
});

describe('12. reports', () => {
  it('older than their lifetime have no influence', () => {
    fc.assert(
      fc.property(weightsArb, fc.nat({ max: 1_000 }), (weights, inFlight) => {
        const { balancer, clock } = adaptiveBalancer(weights);
        const { attempt } = begin(balancer);
        attempt.end('success', { latencyMs: 0, report: { inFlight } });
        clock.advance(1_000);
        keysOfCalls(balancer, 1);
        for (const [i] of weights.entries()) expect(loadOf(balancer, String(i)).level).toBe(0);
      }),
    );
  });

  it('told again, or of one endpoint, leave the credits and calls of the others alone', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1, 1]);
    const calls = [beginAt(balancer, '0'), beginAt(balancer, '0'), beginAt(balancer, '1')];
    const others = () =>
      ['1', '2'].map((key) => {
        const { credit, phantom, latencyMultiplier, capacityMultiplier } = loadOf(balancer, key);
        return { credit, phantom, latencyMultiplier, capacityMultiplier };
      });
    const before = others();
    calls[0]?.end('success', { latencyMs: 1, report: { inFlight: 7 } });
    calls[0]?.end('success', { latencyMs: 1, report: { inFlight: 9_999 } });
    clock.advance(10);
    calls[1]?.end('success', { latencyMs: 1, report: { inFlight: 7 } });
    expect(others()).toEqual(before);
  });

  it('of a failed call are not taken', () => {
    const { balancer } = adaptiveBalancer([1, 1]);
    begin(balancer).attempt.end('failure', { latencyMs: 0, report: { inFlight: 50 } });
    expect(loadOf(balancer, '0').level).toBe(4);
  });
});

it('13. other places in the list, with the ranks moved alike, change no pick', () => {
  fc.assert(
    fc.property(
      weightsArb,
      fc.nat(),
      fc.nat(),
      historyArb({ weights: false }),
      (weights, seed, shift, steps) => {
        const draws = weights.map(seeded(seed));
        const rotate = <T>(values: readonly T[]) => {
          const by = shift % weights.length;
          return [...values.slice(by), ...values.slice(0, by)];
        };
        const play = (endpoints: readonly Endpoint[], ranks: readonly number[]) => {
          const rest = seeded(seed + 1);
          const queue = [...ranks];
          const setUp = adaptiveBalancer([], { random: () => queue.shift() ?? rest() });
          setUp.balancer.update(endpoints);
          const history = new History(setUp, endpointsOf(weights));
          for (const step of steps) history.play(step);
          return history.keys;
        };
        const endpoints = endpointsOf(weights);
        expect(play(rotate(endpoints), rotate(draws))).toEqual(play(endpoints, draws));
      },
    ),
  );
});

it('14. a single endpoint is always picked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      historyArb({ weights: false }),
      (weight, steps) => {
        const setUp = adaptiveBalancer([weight]);
        const history = new History(setUp, endpointsOf([weight]));
        for (const step of steps) {
          if (step.do === 'available' || (step.do === 'begin' && step.tried > 0)) continue;
          history.play(step);
        }
        expect(history.keys.every((key) => key === '0')).toBe(true);
      },
    ),
  );
});

it('15. the same seed and the same history give the same picks', () => {
  fc.assert(
    fc.property(weightsArb, fc.nat(), historyArb(), (weights, seed, steps) => {
      const [first, second] = [0, 1].map(() => {
        const setUp = adaptiveBalancer(weights, { random: seeded(seed) });
        const history = new History(setUp, endpointsOf(weights));
        for (const step of steps) history.play(step);
        return { keys: history.keys, endpoints: setUp.balancer.endpoints() };
      });
      expect(second).toEqual(first);
    }),
  );
});

it('17. an endpoint of weight 0 is never picked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 8 }),
      historyArb({ weights: false }),
      (weights, steps) => {
        const setUp = adaptiveBalancer(weights);
        const history = new History(setUp, endpointsOf(weights));
        for (const step of steps) history.play(step);
        for (const key of history.keys)
          if (key !== undefined) expect(weights[Number(key)]).not.toBe(0);
      },
    ),
  );
});

it('a pick that never starts is forgotten after two seconds', () => {
  fc.assert(
    fc.property(
      weightsArb,
      fc.integer({ min: 1, max: 50 }),
      limitsArb,
      (weights, picks, limits) => {
        const { balancer, clock } = adaptiveBalancer(weights, { dispatch: electing(limits) });
        keysOf(balancer, picks);
        expect(
          Math.max(...balancer.endpoints().map(({ load }) => load?.level ?? 0)),
        ).toBeGreaterThan(0);
        clock.advance(1_000);
        balancer.pick({ tried: new Set(weights.map((_, i) => String(i))) });
        clock.advance(1_000);
        balancer.pick({ tried: new Set(weights.map((_, i) => String(i))) });
        for (const { load } of balancer.endpoints()) expect(load?.level).toBe(0);
      },
    ),
  );
});

it('a change of dispatch while it runs keeps the credits', () => {
  fc.assert(
    fc.property(weightsArb, fc.nat({ max: 60 }), (weights, calls) => {
      const { balancer } = adaptiveBalancer(weights, { dispatch: 'static' });
      const scheduler = createSmoothWeightedRoundRobin<string>();
      for (const { key, weight } of endpointsOf(weights)) scheduler.set(key, weight);
      const expected = (n: number) => Array.from({ length: n }, () => scheduler.next());
      expect(keysOfCalls(balancer, calls)).toEqual(expected(calls));
      balancer.configure({ circuitBreaker: false, dispatch: adaptiveDispatch() });
      expect(keysOfCalls(balancer, calls)).toEqual(expected(calls));
      balancer.configure({ circuitBreaker: false });
      expect(keysOfCalls(balancer, calls)).toEqual(expected(calls));
    }),
  );
});
