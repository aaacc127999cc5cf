import { mapValues } from '../interleave.ts';
import type { Row } from '../suite.ts';
import { makers } from './pickers.ts';

const WEIGHTS = Array.from({ length: 10 }, (_, i) => i + 1);
const CYCLE = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
/** Three and a half cycles: not a whole number of them, after which exact policies have no error. */
const PICKS = Math.floor(3.5 * CYCLE);
const PHASES = 100;

/** Picks of each endpoint among the first `picks`, from the phase that the seed gives. */
export function counts(
  policy: string,
  weights: readonly number[],
  picks: number,
  seed: number,
): readonly number[] {
  const pick = makers[policy]?.(weights, seed);
  if (pick === undefined) throw new TypeError(`there is no policy ${policy}`);
  const made = weights.map(() => 0);
  for (let i = 0; i < picks; i++) {
    const index = pick();
    made[index] = (made[index] ?? 0) + 1;
  }
  return made;
}

/** Share of the calls against weight, and how far from it any of 100 phases is: exact by seed. */
export function shareRows(): readonly Row[] {
  const seeds = Array.from({ length: PHASES }, (_, i) => i + 1);
  const runs = Object.fromEntries(
    Object.keys(makers).map((name) => [
      name,
      seeds.map((seed) => counts(name, WEIGHTS, PICKS, seed)),
    ]),
  );
  return WEIGHTS.flatMap((weight, i) => {
    const exact = (PICKS * weight) / CYCLE;
    const first = mapValues(runs, ([run]) => (100 * (run?.[i] ?? 0)) / PICKS);
    const worst = mapValues(runs, (all) =>
      Math.max(...all.map((run) => Math.abs((run[i] ?? 0) - exact))),
    );
    const name = `weights 1 to 10, ${PICKS} picks, the endpoint of weight ${weight}`;
    return [
      row(`${name}: share`, '%', 'share', weight, { ...first, exact: (100 * exact) / PICKS }, 1),
      row(`${name}: most calls off its share`, 'calls', 'off', weight, worst, PHASES),
    ];
  });
}

function row(
  name: string,
  unit: string,
  figure: string,
  weight: number,
  { ours = Number.NaN, ...peers }: Readonly<Record<string, number>>,
  rounds: number,
): Row {
  const at = { plot: 'shares', figure, weight, picks: PICKS };
  return { suite: 'pick', case: name, unit, ours, peers, ratio: {}, rounds, at };
}
