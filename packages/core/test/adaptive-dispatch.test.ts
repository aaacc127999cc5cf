import { createBalancer, type Dispatch, type Endpoint } from '@wrr/core';
import { type AdaptiveDispatchOptions, adaptiveDispatch } from '@wrr/core/adaptive';
import { describe, expect, it } from 'vitest';
import { AdaptiveSlot } from '../src/adaptive/adaptive-slot.ts';
import { Multipliers } from '../src/adaptive/multipliers.ts';
import { EndpointState } from '../src/endpoint-state.ts';
import { adaptiveBalancer, begin, beginAt, keysOfCalls, loadOf, seeded } from './adaptive-kit.ts';
import { fail, fakeTime, keysOf, pickOne } from './balancer-kit.ts';

/** Shares of so many calls that each take as long as `latencyMs` says, one begun every `everyMs`. */
function sharesOf(
  { balancer, clock }: ReturnType<typeof adaptiveBalancer>,
  calls: number,
  everyMs: number,
  latencyMs: (key: string) => number,
): Map<string, number> {
  const open: { readonly at: number; readonly end: () => void }[] = [];
  const counts = new Map<string, number>();
  for (let i = 0; i < calls; i++) {
    clock.advance(everyMs);
    for (const call of open.filter(({ at }) => at <= clock.now())) {
      call.end();
      open.splice(open.indexOf(call), 1);
    }
    const { key, attempt } = begin(balancer);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const took = latencyMs(key);
    open.push({
      at: clock.now() + took,
      end: () => attempt.end('success', { latencyMs: took }),
    });
  }
  for (const call of open) call.end();
  return counts;
}

describe('load', () => {
  it('goes to who has the fewest calls for its weight', () => {
    const { balancer } = adaptiveBalancer([1, 1, 1]);
    beginAt(balancer, '0');
    beginAt(balancer, '1');
    expect(keysOfCalls(balancer, 3)).toEqual(['2', '2', '2']);
  });

  it('is seen within one turn of the event loop, before calls have started', () => {
    const { balancer } = adaptiveBalancer([1, 1, 1, 1]);
    const attempts = [pickOne(balancer), pickOne(balancer), pickOne(balancer)];
    expect(new Set(attempts.map(({ endpoint }) => endpoint.key)).size).toBe(3);
    expect(balancer.endpoints().map(({ load }) => load?.level)).toEqual([1, 1, 1, 0]);
  });

  it('does not pile up on a large endpoint because a small one is in the set', () => {
    const { balancer } = adaptiveBalancer([1, 100, 100]);
    beginAt(balancer, '1');
    beginAt(balancer, '1');
    for (let i = 0; i < 10; i++) {
      const { key, attempt } = begin(balancer);
      expect(key).not.toBe('1');
      attempt.end('success', { latencyMs: 1 });
    }
  });

  it('that was dropped before it started counts again when it starts after all', () => {
    const { balancer, clock } = adaptiveBalancer([1]);
    const pick = pickOne(balancer);
    for (let i = 0; i < 3; i++) {
      clock.advance(1_000);
      keysOfCalls(balancer, 1);
    }
    expect(loadOf(balancer, '0').level).toBe(0);
    pick.attempt.start();
    expect(loadOf(balancer, '0').level).toBe(1);
    pick.attempt.end('success', { latencyMs: 1 });
    expect(loadOf(balancer, '0').level).toBe(0);
  });

  it('of attempts that began before the dispatch was changed is counted', () => {
    const { balancer } = adaptiveBalancer([1, 1], { dispatch: 'static' });
    const attempts = [begin(balancer), begin(balancer), begin(balancer)];
    balancer.configure({ circuitBreaker: false, dispatch: adaptiveDispatch() });
    keysOfCalls(balancer, 1);
    expect(balancer.endpoints().map(({ load }) => load?.level)).toEqual([2, 1]);
    for (const { attempt } of attempts) attempt.end('success', { latencyMs: 1 });
    expect(balancer.endpoints().map(({ load }) => load?.level)).toEqual([0, 0]);
  });
});

describe('failures', () => {
  it('make an endpoint look busy, fading within two seconds', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1]);
    beginAt(balancer, '0').end('failure', { latencyMs: 0 });
    expect(loadOf(balancer, '0')).toMatchObject({ level: 4, phantom: 4 });
    expect(keysOfCalls(balancer, 4)).toEqual(['1', '1', '1', '1']);
    clock.advance(1_000);
    expect(loadOf(balancer, '0').phantom).toBe(2);
    clock.advance(1_000);
    expect(loadOf(balancer, '0').phantom).toBe(0);
    expect(keysOfCalls(balancer, 4)).toContain('0');
  });

  it('weigh on small endpoints as on large ones', () => {
    const { balancer } = adaptiveBalancer([1, 9]);
    beginAt(balancer, '0').end('failure', { latencyMs: 0 });
    beginAt(balancer, '1').end('failure', { latencyMs: 0 });
    expect(loadOf(balancer, '0').level).toBe(4 * 5);
    expect(loadOf(balancer, '1').level).toBe(4);
  });

  it('do not add up without end', () => {
    const { balancer } = adaptiveBalancer([1]);
    for (let i = 0; i < 20; i++) beginAt(balancer, '0').end('failure', { latencyMs: 0 });
    expect(loadOf(balancer, '0').phantom).toBeLessThanOrEqual(32 + 20);
  });

  it('are no latency samples', () => {
    const { balancer, clock } = adaptiveBalancer([1]);
    beginAt(balancer, '0').end('failure', { latencyMs: 500 });
    clock.advance(1_000);
    keysOfCalls(balancer, 1, 7);
    clock.advance(1_000);
    keysOfCalls(balancer, 1, 7);
    expect(loadOf(balancer, '0').latencyMs).toBe(7);
  });
});

describe('latency', () => {
  it('that rises suddenly is acted on within three ticks, and noise is not', () => {
    const setUp = adaptiveBalancer([1, 1, 1, 1]);
    const random = seeded(3);
    // From half of 5 ms to twice that; a call in 3 ms, so about eight a tick for each endpoint.
    const noisy = () => 5 * 2 ** (2 * random() - 1);
    for (let i = 0; i < 10; i++) {
      sharesOf(setUp, 400, 3, noisy);
      for (const { load } of setUp.balancer.endpoints()) expect(load?.latencyMultiplier).toBe(1);
    }
    sharesOf(setUp, 100, 3, (key) => (key === '2' ? 40 : noisy()));
    expect(loadOf(setUp.balancer, '2').latencyMultiplier).toBeLessThan(1 / 4);
  });

  it('lowers the weight of an endpoint that is slow, and gives it back', () => {
    const setUp = adaptiveBalancer([1, 1, 1, 1]);
    sharesOf(setUp, 4_000, 1, (key) => (key === '2' ? 20 : 5));
    const { latencyMultiplier } = loadOf(setUp.balancer, '2');
    expect(latencyMultiplier).toBeGreaterThan(0.9 / 16);
    expect(latencyMultiplier).toBeLessThan(1.1 / 16);
    const shares = sharesOf(setUp, 4_000, 1, (key) => (key === '2' ? 20 : 5));
    expect(shares.get('2')).toBeLessThan(200);
    sharesOf(setUp, 40_000, 1, () => 5);
    expect(loadOf(setUp.balancer, '2').latencyMultiplier).toBe(1);
    const healthy = sharesOf(setUp, 4_000, 1, () => 5);
    for (const count of healthy.values()) expect(count).toBeCloseTo(1_000, -1);
  });

  it('changes nothing within the dead band, or when it is switched off', () => {
    for (const [options, slow] of [
      [{}, 9],
      [{ latencyDeadBand: 30 }, 100],
      [{ latencyDeadBand: false }, 100],
    ] as const) {
      const setUp = adaptiveBalancer([1, 1, 1], { dispatch: adaptiveDispatch(options) });
      sharesOf(setUp, 3_000, 2, (key) => (key === '0' ? slow : 5));
      expect(loadOf(setUp.balancer, '0').latencyMultiplier).toBe(1);
    }
  });

  it('of streams is not taken', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1, 1]);
    for (let i = 0; i < 1_000; i++) {
      const { key, attempt } = begin(balancer);
      attempt.end('success', { latencyMs: key === '0' ? 900 : 5, measuresLatency: false });
      clock.advance(1);
    }
    expect(loadOf(balancer, '0').latencyMs).toBe(0);
  });

  it('that is no latency is left out', () => {
    const { balancer, clock } = adaptiveBalancer([1]);
    for (const latencyMs of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
      begin(balancer).attempt.end('success', { latencyMs });
    }
    clock.advance(200);
    keysOfCalls(balancer, 1);
    expect(loadOf(balancer, '0').latencyMs).toBe(0);
  });
});

describe('reports', () => {
  it('of requests in flight steer calls away from servers that others keep busy', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1, 1]);
    for (const [key, inFlight] of [
      ['0', 9],
      ['1', 2],
      ['2', 9],
    ] as const) {
      beginAt(balancer, key).end('success', { latencyMs: 1, report: { inFlight } });
    }
    clock.advance(10);
    expect(keysOfCalls(balancer, 1)).toEqual(['1']);
    clock.advance(1_100);
    keysOfCalls(balancer, 1);
    expect(balancer.endpoints().map(({ load }) => load?.level)).toEqual([0, 0, 0]);
  });

  it('of capacity correct a weight that is wrong', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1, 1, 1]);
    for (let i = 0; i < 400; i++) {
      const { key, attempt } = begin(balancer);
      const qps = key === '3' ? 400 : 100;
      attempt.end('success', { latencyMs: 5, report: { qps, utilization: 0.5 } });
      clock.advance(2);
    }
    expect(loadOf(balancer, '3').capacityMultiplier).toBeCloseTo(4, 0);
    const keys = keysOfCalls(balancer, 700, 5);
    expect(keys.filter((key) => key === '3').length / 700).toBeCloseTo(4 / 7, 1);
  });

  it('of an endpoint whose weight has just become 0 spoil nothing', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1]);
    beginAt(balancer, '0').end('success', { latencyMs: 1, report: { qps: 1, utilization: 1 } });
    balancer.update([
      { key: '0', weight: 0 },
      { key: '1', weight: 1 },
    ]);
    clock.advance(600);
    keysOfCalls(balancer, 1);
    balancer.update([
      { key: '0', weight: 1 },
      { key: '1', weight: 1 },
    ]);
    clock.advance(600);
    expect(keysOfCalls(balancer, 4).sort()).toEqual(['0', '0', '1', '1']);
  });

  it('that are nonsense change nothing', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1]);
    const nonsense = [Number.NaN, -1, Number.POSITIVE_INFINITY, '7', null, {}] as number[];
    for (const value of nonsense) {
      const report = { inFlight: value, qps: value, utilization: value };
      begin(balancer).attempt.end('success', { latencyMs: 1, report });
    }
    clock.advance(150);
    keysOfCalls(balancer, 2);
    expect(balancer.endpoints().map(({ load }) => [load?.level, load?.capacityMultiplier])).toEqual(
      [
        [0, 1],
        [0, 1],
      ],
    );
  });
});

it('16. multipliers brought up to date twice at one time are as after once', () => {
  const slots = [10, 10, 90].map((latencyMs, i) => {
    const state = new EndpointState<Endpoint>({ key: String(i), weight: 1 }, true, false);
    const slot = new AdaptiveSlot(state, i);
    for (let n = 0; n < 20; n++) slot.latency.add(latencyMs);
    return slot;
  });
  const multipliers = new Multipliers<Endpoint>();
  const changed: string[] = [];
  const tick = () =>
    multipliers.tick(100, slots, 2, (slot) => changed.push(slot.state.endpoint.key));
  tick();
  const once = slots.map(({ latency, latencyMultiplier }) => [latency.average, latencyMultiplier]);
  tick();
  expect(
    slots.map(({ latency, latencyMultiplier }) => [latency.average, latencyMultiplier]),
  ).toEqual(once);
  expect(changed).toEqual(['2']);
});

describe('with the rest of the balancer', () => {
  it('breakers eject, and probes return', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1, 1], {
      circuitBreaker: { consecutiveFailures: 3, openMs: 1_000, jitter: 0, probes: 1 },
    });
    fail(balancer, '0', 3);
    expect(keysOfCalls(balancer, 6)).not.toContain('0');
    clock.advance(2_100);
    expect(keysOfCalls(balancer, 6)).toContain('0');
    expect(balancer.endpoints()[0]).toMatchObject({ breaker: 'closed', ejected: false });
  });

  it('a ramp holds back load, not only the share', () => {
    const { balancer, clock } = adaptiveBalancer([1, 1], { warmUp: { windowMs: 1_000 } });
    balancer.update(['0', '1', '2'].map((key) => ({ key, weight: 1 })));
    const attempts = Array.from({ length: 12 }, () => begin(balancer));
    const cold = attempts.filter(({ key }) => key === '2').length;
    expect(cold).toBeLessThanOrEqual(1);
    for (const { attempt } of attempts) attempt.end('success', { latencyMs: 1 });
    clock.advance(1_000);
    keysOfCalls(balancer, 1);
    expect(keysOfCalls(balancer, 30).filter((key) => key === '2').length).toBeGreaterThan(8);
  });

  it('an update keeps what is known of the survivors', () => {
    const { balancer } = adaptiveBalancer([1, 1]);
    beginAt(balancer, '1').end('failure', { latencyMs: 0 });
    balancer.update(['1', '2'].map((key) => ({ key, weight: 1 })));
    expect(loadOf(balancer, '1').phantom).toBe(4);
    expect(keysOf(balancer, 2)).toBe('22');
  });

  it('attempts that end after their endpoint has left change nothing', () => {
    const { balancer } = adaptiveBalancer([1, 1]);
    const attempt = beginAt(balancer, '0');
    balancer.update(['1', '2'].map((key) => ({ key, weight: 1 })));
    const before = balancer.endpoints();
    attempt.end('failure', { latencyMs: 0 });
    expect(balancer.endpoints()).toEqual(before);
  });

  it('new options take effect while it runs, and keep what is known', () => {
    const { balancer } = adaptiveBalancer([1, 1]);
    beginAt(balancer, '0');
    expect(keysOfCalls(balancer, 3)).toEqual(['1', '1', '1']);
    balancer.configure({ circuitBreaker: false, dispatch: adaptiveDispatch({ slack: 5 }) });
    expect(keysOfCalls(balancer, 3)).toContain('0');
    expect(loadOf(balancer, '0').level).toBe(1);
  });
});

describe('options', () => {
  it.each<[unknown, string]>([
    [{ slack: 0 }, 'slack must be a number > 0 and <= 1000, got 0'],
    [{ slack: Number.NaN }, 'slack must be'],
    [{ latencyDeadBand: 0.5 }, 'latencyDeadBand must be a number >= 1 and <= 1000, got 0.5'],
    [{ failurePenalty: 0 }, 'failurePenalty must be'],
    [{ failurePenaltyMs: -1 }, 'failurePenaltyMs must be'],
    [{ reportLifetimeMs: 0 }, 'reportLifetimeMs must be'],
    [{ slak: 1 }, 'unknown option slak of adaptive dispatch'],
    [null, 'adaptive dispatch must be an object'],
  ])('%j is rejected', (options, message) => {
    expect(() => adaptiveDispatch(options as AdaptiveDispatchOptions)).toThrow(message);
  });

  it.each(['adaptive', null, {}, 7])('dispatch %j is rejected, with a hint', (dispatch) => {
    expect(() => createBalancer({ clock: fakeTime(), dispatch: dispatch as Dispatch })).toThrow(
      "dispatch must be 'static' or adaptiveDispatch() of @wrr/core/adaptive, got",
    );
  });
});
