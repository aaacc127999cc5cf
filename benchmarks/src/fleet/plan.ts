import type { Context } from '../suite.ts';
import {
  AWARE,
  adaptive,
  adaptiveWithReports,
  BLIND,
  type Contenders,
  NAMES,
  OURS,
  staticProtected,
  staticWeights,
} from './contenders.ts';
import {
  errors,
  type Figure,
  imbalance,
  lost,
  p50,
  p99,
  p999,
  reaction,
  shareError,
} from './figures.ts';
import type { Goal, Scenario } from './fleet-rows.ts';
import { prequal, prequalByInFlight } from './policies/prequal.ts';
import { peakEwma, twoChoices } from './policies/with-load.ts';
import * as fleets from './scenarios.ts';

/** A scenario and how often it is run, each time with another seed. */
export interface Planned extends Scenario {
  readonly runs: number;
}

const PREQUALS = [NAMES.prequal, NAMES.prequalByInFlight];
const LATENCIES = [p50, p99, p999, errors];
const BALANCE = [shareError, imbalance];

const ADAPTIVE = { ours: adaptive, peers: { ...OURS, ...BLIND, ...AWARE } } as const;

function few(): readonly Planned[] {
  const goals: readonly Goal[] = [
    { figure: p99, times: PREQUALS, atMost: 1.05 },
    { figure: p99, times: [NAMES.peakEwma], atMost: 0.5 },
  ];
  return [0.5, 0.7, 0.85].map((load) => ({
    ...ADAPTIVE,
    model: { ...fleets.fewTimesHigh, load },
    figures: [...LATENCIES, ...BALANCE],
    goals,
    runs: 5,
  }));
}

function healthy(): readonly Planned[] {
  const goals: readonly Goal[] = [
    { figure: shareError, atMost: 2.5 },
    { figure: p99, times: [NAMES.staticWeights], atMost: 0.75 },
  ];
  return [fleets.healthy, fleets.healthyEqual].map((model) => ({
    ...ADAPTIVE,
    model,
    figures: [...LATENCIES, ...BALANCE],
    goals,
    runs: 5,
  }));
}

function faults(): readonly Planned[] {
  const peers: Contenders = { ...OURS, [NAMES.staticProtected]: staticProtected, ...AWARE };
  const faulty: readonly Figure[] = [...LATENCIES, lost, reaction];
  const shared = { ours: adaptive, peers, runs: 3 } as const;
  const slowGoal = { figure: p99, times: [NAMES.peakEwma], atMost: 1.2 };
  return [
    { ...shared, model: fleets.slow, figures: faulty, goals: [slowGoal], runs: 5 },
    {
      ...shared,
      model: fleets.blackHole,
      figures: faulty,
      goals: [{ figure: errors, atMost: 1 }],
      runs: 5,
    },
    { ...shared, model: fleets.blackHoleProtected, figures: faulty },
    { ...shared, model: fleets.crash, figures: faulty },
    { ...shared, model: fleets.rollingDeploy, figures: [...LATENCIES, lost] },
    { ...shared, model: fleets.scaleOut, figures: [...LATENCIES, lost] },
    { ...shared, model: fleets.wrongWeights, figures: LATENCIES },
  ];
}

/** Whom the fleets that take long are run with. */
const NOTED: Contenders = {
  [NAMES.staticWeights]: staticWeights,
  'P2C least-loaded': twoChoices,
  [NAMES.peakEwma]: peakEwma,
  [NAMES.prequal]: prequal,
  [NAMES.prequalByInFlight]: prequalByInFlight,
};

/** Of many clients each knows little by itself: ours hears reports here, and is also run without. */
function withReports(peers: Contenders): Pick<Planned, 'ours' | 'peers'> {
  const { [NAMES.adaptiveWithReports]: _, ...others } = peers;
  return { ours: adaptiveWithReports, peers: { [NAMES.adaptive]: adaptive, ...others } };
}

const FIGURES_OF_MANY = [...LATENCIES, imbalance];
const REPORTS_GOAL: Goal = { figure: p99, times: PREQUALS, atMost: 1 };

function many(): readonly Planned[] {
  const shared = { figures: FIGURES_OF_MANY, goals: [REPORTS_GOAL] };
  return [
    {
      ...shared,
      ...withReports({ ...OURS, ...AWARE }),
      model: fleets.manyTimesSmall,
      runs: 5,
    },
    { ...shared, ...withReports(NOTED), model: fleets.thousandClients, runs: 1 },
  ];
}

/** Fleets that take minutes, for those who ask. */
function large(): readonly Planned[] {
  return [fleets.thousandClientsSubset, fleets.tenThousandClients].map((model) => ({
    ...withReports(NOTED),
    model,
    figures: FIGURES_OF_MANY,
    runs: 1,
  }));
}

const GROUPS = { few, healthy, faults, many, large } as const;

/** Parts of the suite, by their names on the command line. */
export const GROUP_NAMES: readonly string[] = Object.keys(GROUPS);

/** What a quick run keeps, for seconds each. */
const QUICK: ReadonlySet<string> = new Set(
  [fleets.fewTimesHigh, fleets.healthyEqual, fleets.slow, fleets.blackHole].map(({ name }) => name),
);

/** What `bench fleet` runs. */
export function plan({ quick, options }: Pick<Context, 'quick' | 'options'>): readonly Planned[] {
  const { group, large: withLarge } = options;
  const chosen = Object.entries(GROUPS)
    .filter(([name]) => (group === undefined ? name !== 'large' : name === group))
    .flatMap(([, scenarios]) => scenarios());
  if (withLarge === true && group !== 'large') return [...chosen, ...large()];
  if (!quick) return chosen;
  return chosen.filter(({ model }) => QUICK.has(model.name)).map(shorten);
}

function shorten(planned: Planned): Planned {
  const { model } = planned;
  const measuredMs = Math.min(model.measuredMs, 17_000);
  return { ...planned, model: { ...model, measuredMs }, runs: 1 };
}
