import { mapValues } from '../interleave.ts';
import { compare } from '../protection/throttle-rows.ts';
import type { Row } from '../suite.ts';
import type { Contenders } from './contenders.ts';
import type { Figure } from './figures.ts';
import type { FleetModel } from './model.ts';
import type { PolicyKind } from './policies/policy.ts';
import { simulate } from './simulate.ts';
import type { FleetResult } from './tally.ts';

/** A fleet, who runs it, and what is read off the runs. */
export interface Scenario {
  readonly model: FleetModel;
  readonly ours: PolicyKind;
  readonly peers: Contenders;
  readonly figures: readonly Figure[];
  readonly goals?: readonly Goal[];
}

/** A promise about a figure of ours. */
export interface Goal {
  readonly figure: Figure;
  readonly atMost: number;
  /** Times the figure of these peers, of the best of them in each run. Default: by itself. */
  readonly times?: readonly string[];
}

/** Name of what no policy can better. */
export const BOUND = 'bound: no call ever waits';

/** Results by contender, one a seed. */
type Results = Readonly<Record<string, readonly FleetResult[]>>;

/** Runs a scenario with every contender and seed: a row a figure, and one a goal that compares. */
export function fleetRows(scenario: Scenario, seeds: readonly number[]): readonly Row[] {
  const { model, ours, peers, figures, goals = [] } = scenario;
  const results = mapValues({ ours, ...peers }, (kind) => {
    return seeds.map((seed) => simulate(model, kind, seed));
  });
  const title = `${model.name}, load ${Math.round(model.load * 100)} %`;
  const at = { fleet: model.name, load: model.load };
  const plain = figures.map((figure) => {
    const compared = compare(valuesOf(figure, results, model));
    const goal = goals.find((one) => one.figure === figure && one.times === undefined);
    return {
      suite: 'fleet',
      case: `${title}: ${figure.name}`,
      unit: figure.unit,
      at: { ...at, figure: figure.name },
      ...compared,
      ...(goal && { goal: judge(goal, compared.ours) }),
    };
  });
  const relative = goals.flatMap((goal) => {
    const { figure, times } = goal;
    if (times === undefined) return [];
    const compared = compare(relativeTo(times, valuesOf(figure, results, model)));
    return {
      suite: 'fleet',
      case: `${title}: ${figure.name}, times that of ${times.join(' or ')} in the same run`,
      unit: 'times',
      at: { ...at, figure: `${figure.name}, times ${times.join(' or ')}` },
      ...compared,
      goal: judge(goal, compared.ours),
    };
  });
  return [...plain, ...relative];
}

type Values = Readonly<Record<string, readonly number[]>>;

function valuesOf(figure: Figure, results: Results, model: FleetModel): Values {
  const { bound } = figure;
  const values = mapValues(results, (runs) => runs.map((run) => figure.of(run, model)));
  return bound === undefined ? values : { ...values, [BOUND]: (results['ours'] ?? []).map(bound) };
}

/** Divides by the best of these peers, run by run. */
function relativeTo(names: readonly string[], values: Values): Values {
  const best = (values['ours'] ?? []).map((_, run) => {
    return Math.min(...names.map((name) => values[name]?.[run] ?? Number.NaN));
  });
  return mapValues(values, (own) => own.map((value, run) => value / (best[run] ?? Number.NaN)));
}

function judge({ atMost }: Goal, value: number): NonNullable<Row['goal']> {
  return { text: `at most ${atMost}`, met: value <= atMost };
}
