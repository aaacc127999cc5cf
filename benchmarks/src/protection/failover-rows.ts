import { mapValues } from '../interleave.ts';
import type { Row } from '../suite.ts';
import { type Stack, simulateTrouble, type Trouble, type Verdict } from './failover-simulation.ts';
import type { Job } from './jobs.ts';
import { finagleBudget, grpcThrottling, unlimited, wrrBudget } from './retry-limits.ts';
import { compare } from './throttle-rows.ts';
import { aegis, goZero, unthrottled, wrrThrottle } from './throttles.ts';
import { timelineRows } from './timeline.ts';

const NO_BREAKERS = { circuitBreaker: false } as const;
const OURS: Stack = { name: 'ours', throttle: unthrottled, limit: wrrBudget, policy: {} };

/** All of them retry at an endpoint that was not tried, three attempts at most. */
const STACKS: readonly Stack[] = [
  OURS,
  { ...OURS, name: 'ours, throttle outside', throttle: wrrThrottle() },
  { ...OURS, name: "ours, onAllOpen: 'fail-fast'", policy: { onAllOpen: 'fail-fast' } },
  stack('gRPC retry throttling 10/0.1', grpcThrottling(10, 0.1)),
  stack('gRPC retry throttling 1000/0.1', grpcThrottling(1_000, 0.1)),
  stack('Finagle budget 20 % + 10/s', finagleBudget),
  stack('no budget', unlimited),
  stack('aegis outside, gRPC 10/0.1', grpcThrottling(10, 0.1), aegis),
  stack('go-zero outside, gRPC 10/0.1', grpcThrottling(10, 0.1), goZero),
];

function stack(name: string, limit: Stack['limit'], throttle = unthrottled): Stack {
  return { name, limit, throttle, policy: NO_BREAKERS };
}

/** Those in the timelines' pictures: one of each kind. The others are in the table only. */
const DRAWN: ReadonlySet<string> = new Set([
  'ours',
  'ours, throttle outside',
  'gRPC retry throttling 10/0.1',
  'Finagle budget 20 % + 10/s',
  'no budget',
  'go-zero outside, gRPC 10/0.1',
]);

interface Scenario {
  readonly name: string;
  readonly dead: readonly number[];
  readonly how: Trouble['how'];
  readonly fields: readonly (keyof typeof FIELDS)[];
  /** Whether there are pictures of it over time, if all stacks are in it. */
  readonly drawn?: true;
}

const FIELDS = {
  errors: { name: 'failed calls', unit: '%', scale: 100 },
  load: { name: 'attempts per call', unit: 'attempts', scale: 1 },
  p99Ms: { name: 'p99 of the successful calls', unit: 'ms', scale: 1 },
  recoverySeconds: { name: 'time to 99 % afterwards', unit: 's', scale: 1 },
} as const;

const SCENARIOS: readonly Scenario[] = [
  { name: '1 of 3 refuses', dead: [0], how: 'refuses', fields: ['errors', 'load'] },
  {
    name: '1 of 3 hangs',
    dead: [0],
    how: 'hangs',
    fields: ['errors', 'load', 'p99Ms'],
    drawn: true,
  },
  { name: '2 of 3 refuse', dead: [0, 1], how: 'refuses', fields: ['errors', 'load'], drawn: true },
  {
    name: 'all refuse',
    dead: [0, 1, 2],
    how: 'refuses',
    fields: ['load', 'recoverySeconds'],
    drawn: true,
  },
];

/** Three endpoints behind core's balancer and failover, part or all of them dead for a while. */
export function failoverJobs(quick: boolean): readonly Job[] {
  const seeds = quick ? [1] : [1, 2, 3];
  const usual = { ratePerSecond: quick ? 50 : 200, wellMs: 30_000, troubleMs: 60_000 };
  const [oneDead, , , allDead] = SCENARIOS;
  const extremes = [oneDead, allDead].filter((scenario) => scenario !== undefined);
  const others = (quick ? [20] : [20, 1_000, 5_000]).map((ratePerSecond) => {
    // Fewer seconds at the high rates: the number of calls is what counts, and what it costs.
    const troubleMs = Math.min(60_000, 60_000_000 / ratePerSecond);
    return { ratePerSecond, wellMs: 15_000, troubleMs };
  });
  return [
    ...SCENARIOS.map((scenario) => job(scenario, STACKS, usual, seeds)),
    ...others.flatMap((other) =>
      extremes.map((scenario) => job(scenario, STACKS.slice(0, 2), other, seeds.slice(0, 1))),
    ),
  ];
}

function job(...[scenario, stacks, trouble, seeds]: Parameters<typeof rowsOf>): Job {
  const name = `${scenario.name}, ${trouble.ratePerSecond} calls/s, ${stacks.length} stacks`;
  return { name, run: () => rowsOf(scenario, stacks, trouble, seeds) };
}

async function rowsOf(
  { name, dead, how, fields, drawn }: Scenario,
  stacks: readonly Stack[],
  trouble: Pick<Trouble, 'ratePerSecond' | 'wellMs' | 'troubleMs'>,
  seeds: readonly number[],
): Promise<Row[]> {
  const verdicts: Record<string, Verdict[]> = {};
  for (const one of stacks) {
    const runs: Verdict[] = [];
    for (const seed of seeds) {
      runs.push(await simulateTrouble(one, { ...trouble, dead, how, seed: 1_000 * seed }));
    }
    verdicts[one.name] = runs;
  }
  const rows = fields.map((field): Row => {
    const { name: what, unit, scale } = FIELDS[field];
    const values = Object.fromEntries(
      Object.entries(verdicts).map(([key, runs]) => [key, runs.map((v) => v[field] * scale)]),
    );
    const goal = goalOf(dead.length, field, verdicts, trouble.ratePerSecond);
    const { ratePerSecond: rate } = trouble;
    return {
      suite: 'protection',
      case: `${name} at ${rate} calls/s: ${what}`,
      unit,
      at: { rate, dead: dead.length, how },
      ...compare(values),
      ...(goal && { goal }),
    };
  });
  if (drawn === undefined || stacks !== STACKS) return rows;
  const { ratePerSecond: rate, troubleMs } = trouble;
  const shown = Object.entries(verdicts).filter(([key]) => DRAWN.has(key));
  const timelines = mapValues(Object.fromEntries(shown), ([first]) => first?.timeline ?? []);
  return [...rows, ...timelineRows(name, { rate, troubleMs }, timelines)];
}

function goalOf(
  dead: number,
  field: keyof typeof FIELDS,
  verdicts: Readonly<Record<string, readonly Verdict[]>>,
  rate: number,
): Row['goal'] {
  const worst = (name: string): number =>
    Math.max(...(verdicts[name] ?? []).map((verdict) => verdict[field]));
  if (dead === 1 && field === 'errors') return { text: '< 0.01 %', met: worst('ours') < 0.0001 };
  if (dead === 1 && field === 'load') return { text: '<= 1.01', met: worst('ours') <= 1.01 };
  if (dead === 3 && field === 'load') {
    // The reserve of 10 retries a second, and what was saved up before the trouble.
    const bound = 1.2 + 10 / rate + 0.05;
    const outside = worst('ours, throttle outside') <= 1.2;
    const text = '<= 1.2 and the reserve; <= 1.2 with the throttle outside';
    return { text, met: worst('ours') <= bound && outside };
  }
  if (dead === 3 && field === 'recoverySeconds') {
    const met = worst('ours') <= 2.5 && worst('ours, throttle outside') <= 2.5;
    return { text: '<= 2.5 s, also with the throttle', met };
  }
  return undefined;
}
