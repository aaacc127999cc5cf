import { describe, expect, it } from 'vitest';
import { simulateTrouble } from '../src/protection/failover-simulation.ts';
import { simulateOutage } from '../src/protection/outage.ts';
import {
  finagleBudget,
  grpcThrottling,
  unlimited,
  wrrBudget,
} from '../src/protection/retry-limits.ts';
import { SimulatedTime } from '../src/protection/simulated-time.ts';
import {
  aegis,
  goZero,
  kratosV3,
  sreBook,
  unthrottled,
  wrrThrottle,
} from '../src/protection/throttles.ts';
import { seededRandom } from '../src/statistics.ts';

// No straw men: what is compared with must do what its own documentation says.
describe.each(Object.entries({ ours: wrrThrottle(), aegis, kratosV3, goZero, sreBook }))(
  'throttle %s',
  (_name, create) => {
    it('lets everything through while all is well', () => {
      const throttle = create(seededRandom(1));
      for (let now = 0; now < 20_000; now += 10) {
        expect(throttle.admit(now)).toBe(true);
        throttle.settle(now, true);
      }
    });

    it('forgets an outage once its window is over', () => {
      const throttle = create(seededRandom(1));
      for (let now = 0; now < 20_000; now += 10)
        if (throttle.admit(now)) throttle.settle(now, false);
      expect(throttle.admit(200_000)).toBe(true);
    });
  },
);

it('go-zero lets a call through each second of an outage', { timeout: 60_000 }, () => {
  const { passedPerSecond } = simulateOutage(goZero, 100, 1);
  expect(passedPerSecond).toBeGreaterThan(0.9);
  expect(passedPerSecond).toBeLessThan(2);
});

it('aegis lets about one call per window through', { timeout: 60_000 }, () => {
  expect(simulateOutage(aegis, 1_000, 1).passedPerSecond).toBeLessThan(0.6);
});

it.each([
  [10, 4],
  [1_000, 499],
])(
  'gRPC with %i tokens retries %i times in a row, and again after successes',
  (tokens, retries) => {
    const limit = grpcThrottling(tokens, 0.1)();
    let made = 0;
    for (let i = 0; i < 2_000; i++) {
      limit.settle(false);
      if (limit.budget?.withdraw(0)) made++;
    }
    expect(made).toBe(retries);
    for (let i = 0; i < tokens * 6; i++) limit.settle(true);
    expect(limit.budget?.withdraw(0)).toBe(true);
  },
);

it("Finagle's budget allows what ours allows", () => {
  const finagle = finagleBudget().budget;
  const ours = wrrBudget().budget;
  const counts = { finagle: 0, ours: 0 };
  for (let now = 0; now < 60_000; now += 5) {
    finagle?.deposit(now);
    ours?.deposit(now);
    for (let i = 0; i < 2; i++) {
      if (finagle?.withdraw(now)) counts.finagle++;
      if (ours?.withdraw(now)) counts.ours++;
    }
  }
  expect(counts.finagle / counts.ours).toBeGreaterThan(0.95);
  expect(counts.finagle / counts.ours).toBeLessThan(1.05);
});

it('simulated time handles events in order, those of one moment as they were set', async () => {
  const time = new SimulatedTime();
  const random = seededRandom(3);
  const seen: [at: number, order: number][] = [];
  for (let i = 0; i < 500; i++) {
    const at = Math.floor(random() * 50);
    const cancel = time.after(at, () => seen.push([time.now(), i]));
    if (i % 7 === 0) cancel();
  }
  await time.run(25);
  expect(seen.every(([at]) => at <= 25)).toBe(true);
  await time.run(50);
  expect(seen).toEqual(seen.toSorted(([a, i], [b, j]) => a - b || i - j));
  expect(seen).toHaveLength(500 - 72);
});

describe('of three endpoints', { timeout: 60_000 }, () => {
  const trouble = {
    ratePerSecond: 50,
    wellMs: 5_000,
    troubleMs: 20_000,
    how: 'refuses',
    seed: 1,
  } as const;

  it('one that is dead costs no call and hardly an attempt', async () => {
    const stack = { name: 'ours', throttle: unthrottled, limit: wrrBudget, policy: {} };
    const verdict = await simulateTrouble(stack, { ...trouble, dead: [0] });
    expect(verdict.errors).toBe(0);
    expect(verdict.load).toBeLessThan(1.02);
  });

  it('all dead, without breakers and budget, cost three attempts a call', async () => {
    const policy = { circuitBreaker: false } as const;
    const stack = { name: 'none', throttle: unthrottled, limit: unlimited, policy };
    const verdict = await simulateTrouble(stack, { ...trouble, dead: [0, 1, 2] });
    expect(verdict.load).toBeGreaterThan(2.9);
    expect(verdict.recoverySeconds).toBe(0);
  });
});
