import { describe, expect, it } from 'vitest';
import {
  AWARE,
  adaptive,
  BLIND,
  type Contenders,
  NAMES,
  OURS,
  staticProtected,
  staticWeights,
} from '../src/fleet/contenders.ts';
import { Events } from '../src/fleet/events.ts';
import type { FleetModel } from '../src/fleet/model.ts';
import type { PolicyKind } from '../src/fleet/policies/policy.ts';
import { prequalByInFlight } from '../src/fleet/policies/prequal.ts';
import { peakEwma } from '../src/fleet/policies/with-load.ts';
import { createStream } from '../src/fleet/random.ts';
import { reactionMs } from '../src/fleet/reaction.ts';
import {
  blackHole,
  fewTimesHigh,
  healthy,
  healthyEqual,
  scaleOut,
  slow,
} from '../src/fleet/scenarios.ts';
import { firstSeed } from '../src/fleet/seeds.ts';
import { simulate } from '../src/fleet/simulate.ts';
import { type FleetResult, percentile } from '../src/fleet/tally.ts';
import { seededRandom } from '../src/statistics.ts';

const EVERYBODY: Contenders = { [NAMES.adaptive]: adaptive, ...OURS, ...BLIND, ...AWARE };
const short = { warmUpMs: 500, measuredMs: 1_000 } as const;

describe('a simulated fleet', { timeout: 60_000 }, () => {
  it.each(Object.entries(EVERYBODY))('has one result a seed: %s', (_name, kind) => {
    const model = { ...fewTimesHigh, ...short };
    const { latencies } = simulate(model, kind, 7);
    expect(simulate(model, kind, 7).latencies).toEqual(latencies);
    expect(simulate(model, kind, 8).latencies).not.toEqual(latencies);
  });

  it('gives all policies the same calls', () => {
    const demandsOf = (kind: PolicyKind) => simulate({ ...healthy, ...short }, kind, 1).demands;
    const calls = demandsOf(staticWeights);
    expect(calls.length).toBeGreaterThan(2_000);
    for (const kind of Object.values(EVERYBODY)) expect(demandsOf(kind)).toEqual(calls);
  });

  // Erlang's C formula: what a queue before so many workers comes to.
  it.each([
    { workers: 1, load: 0.7, tolerance: 0.1 },
    { workers: 4, load: 0.85, tolerance: 0.1 },
  ])('waits as theory says, M/M/$workers at $load', ({ workers, load, tolerance }) => {
    const model: FleetModel = {
      ...healthy,
      clients: 1,
      capacities: [1],
      workersPerCapacity: workers,
      demand: 'exponential',
      load,
      measuredMs: 900_000 / workers,
    };
    const { latencies } = simulate(model, staticWeights, 1);
    const expected = 10 + waitMs(workers, load, 10) + 0.6;
    const ratio = mean(latencies) / expected;
    expect(ratio).toBeGreaterThan(1 - tolerance);
    expect(ratio).toBeLessThan(1 + tolerance);
  });

  it('tells clients who joins', () => {
    const { timeline } = simulate({ ...scaleOut, warmUpMs: 500 }, staticProtected, 1);
    const callsOfSixth = timeline.map((bucket) => bucket[5] ?? 0);
    expect(Math.max(...callsOfSixth.slice(0, 49))).toBe(0);
    expect(Math.min(...callsOfSixth.slice(-20))).toBeGreaterThan(0);
  });
});

// No straw men: what is compared with must share out calls as its own documentation says.
describe('peers', { timeout: 60_000 }, () => {
  const run = (name: string, model: FleetModel): FleetResult => {
    const kind = EVERYBODY[name];
    if (kind === undefined) throw new Error(`no policy ${name}`);
    return simulate(model, kind, 1);
  };
  const calm = { ...healthy, warmUpMs: 3_000, measuredMs: 4_000, load: 0.6 };
  const equal = { ...calm, capacities: [1, 1, 1, 1, 1] };

  it('round robin gives all servers as much', () => {
    expect(run('round robin', equal).worstShareError).toBeLessThan(0.02);
  });

  it.each([['weighted random', 0.2] as const, ['EDF', 0.02] as const, [NAMES.staticWeights, 0.02]])(
    '%s gives servers what they weigh',
    (name, most) => {
      expect(run(name, calm).worstShareError).toBeLessThan(most);
      expect(run(name, calm).imbalance).toBeLessThan(most / 2);
    },
  );

  it.each([
    [NAMES.adaptive, 0.05],
    [NAMES.adaptiveWithReports, 0.1],
    [NAMES.staticWithReports, 0.1],
    ['P2C least-loaded', 0.2],
    ['peak-EWMA / weight', 0.25],
    [NAMES.prequal, 0.25],
    [NAMES.prequalByInFlight, 0.2],
  ])('%s loads servers about as they can bear', (name, most) => {
    expect(run(name, { ...calm, load: 0.85 }).imbalance).toBeLessThan(most);
  });

  it.each(Object.keys(AWARE))('%s keeps away from a slow server, within seconds', (name) => {
    const fault = { server: 2, at: 5_000, until: 11_000 };
    const model = { ...slow, warmUpMs: 500, measuredMs: 11_000 };
    expect(reactionMs(run(name, model), fault)).toBeLessThan(6_000); // the length of the fault: never
  });

  it('whoever heeds load has the shorter tail', () => {
    const model = { ...equal, load: 0.85, measuredMs: 6_000 };
    const blind = percentile(run('weighted random', model).latencies, 0.99);
    for (const name of Object.keys(AWARE)) {
      expect(percentile(run(name, model).latencies, 0.99)).toBeLessThan(0.9 * blind);
    }
  });
});

// In small what `bench fleet` shows at length; other seeds than it uses.
describe('adaptive dispatch', { timeout: 60_000 }, () => {
  const shorter = { warmUpMs: 1_000, measuredMs: 10_000 } as const;
  const p99 = (model: FleetModel, kind: PolicyKind) =>
    percentile(simulate(model, kind, 51).latencies, 0.99);

  it('keeps the shares of a healthy fleet', () => {
    expect(simulate({ ...healthy, ...shorter }, adaptive, 51).worstShareError).toBeLessThan(0.06);
  });

  it('is not drawn into a black hole, and needs no breaker for that', () => {
    const { failed, calls } = simulate({ ...blackHole, ...shorter }, adaptive, 51);
    expect(calls).toBeGreaterThan(10_000);
    expect(failed / calls).toBeLessThan(0.01);
  });

  it('has no longer a tail than peak-EWMA when one server is slow', () => {
    const model = { ...slow, ...shorter };
    expect(p99(model, adaptive)).toBeLessThan(p99(model, peakEwma));
  });

  it('has about the tail of Prequal among noisy neighbours, and no calls are lost', () => {
    const model = { ...fewTimesHigh, ...shorter };
    expect(p99(model, adaptive)).toBeLessThan(1.25 * p99(model, prequalByInFlight));
    expect(simulate(model, adaptive, 51).failed).toBe(0);
  });
});

it('events happen in order, those of one moment as they were set', () => {
  const events = new Events();
  const random = seededRandom(5);
  const seen: [at: number, order: number][] = [];
  for (let i = 0; i < 1_000; i++) {
    const at = Math.floor(random() * 60);
    events.at(at, () => seen.push([events.now, i]));
  }
  events.run(30);
  expect(seen.every(([at]) => at <= 30)).toBe(true);
  events.run(60);
  expect(seen).toHaveLength(1_000);
  expect(seen).toEqual(seen.toSorted(([a, i], [b, j]) => a - b || i - j));
});

it('streams of one seed differ, and repeat', () => {
  const draw = (seed: number, name: string) => {
    const stream = createStream(seed, name);
    return Array.from({ length: 50 }, () => stream.next());
  };
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
  expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  const many = createStream(3, 'mean');
  expect(mean(Array.from({ length: 20_000 }, () => many.exponential(7)))).toBeCloseTo(7, 0);
  expect(mean(Array.from({ length: 20_000 }, () => many.normal() ** 2))).toBeCloseTo(1, 1);
});

it('subsets give every server as many clients, and cost no call', { timeout: 60_000 }, () => {
  const model: FleetModel = {
    ...healthyEqual,
    ...short,
    clients: 8,
    capacities: Array.from({ length: 16 }, () => 1),
    subset: { size: 4 },
    load: 0.5,
  };
  const { timeline, failed, worstShareError } = simulate(model, staticWeights, 1);
  expect(failed).toBe(0);
  expect(worstShareError).toBeGreaterThan(2); // a client's servers get four times what all would
  const calls = model.capacities.map((_, i) => mean(timeline.map((bucket) => bucket[i] ?? 0)));
  for (const count of calls) expect(count / mean(calls)).toBeCloseTo(1, 0);
});

it('a seed that is none is refused', () => {
  expect(firstSeed(undefined)).toBeGreaterThan(100);
  expect(firstSeed('7')).toBe(7);
  for (const wrong of ['', 'x', '-1', '1.5']) {
    expect(() => firstSeed(wrong)).toThrow(
      `--seed must be a whole number from 0 to 999,999,999, got "${wrong}"`,
    );
  }
});

function mean(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    sum += value;
    count++;
  }
  return sum / count;
}

function waitMs(workers: number, load: number, demandMs: number): number {
  const offered = workers * load;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < workers; k++) {
    term *= offered / k;
    sum += term;
  }
  const all = (term * offered) / workers / (1 - load);
  return ((all / (sum + all)) * demandMs) / (workers * (1 - load));
}
