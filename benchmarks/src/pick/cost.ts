import { compileLoop } from '../compile-loop.ts';
import { type Contenders, costRow, effort, interleave, type Loop } from '../interleave.ts';
import type { Context, Row } from '../suite.ts';
import { withGoal } from './goals.ts';
import { ours } from './peers/ours.ts';
import type { Contender, Peer } from './peers/peer.ts';
import { peers } from './peers.ts';
import {
  distinct,
  distinctUniform,
  equal,
  nearEqual,
  tiers3,
  tiers10,
  type WeightSet,
} from './weights.ts';

const sets: readonly WeightSet[] = [equal, tiers3, tiers10, distinct, distinctUniform, nearEqual];

/** Times one pick for every set of weights and size, ours and all peers in turns. */
export function pickCost({ quick, progress }: Context): readonly Row[] {
  const rows: Row[] = [];
  for (const set of quick ? [tiers3, distinct] : sets) {
    for (const n of quick ? [3, 10, 100, 1_000] : [3, 5, 10, 30, 100, 1_000, 10_000]) {
      progress(`${set.name}, n = ${n}`);
      const samples = interleave(contenders(set.create(n), peers), effort(quick));
      const row = {
        suite: 'pick',
        case: `pick, ${set.name}, n = ${n}`,
        unit: 'ns/pick',
        at: { n, weights: set.name },
      };
      rows.push(withGoal(costRow(row, samples), n, set.name));
    }
  }
  return [...rows, ...flatness(rows)];
}

/** How much more a pick costs among 10,000 endpoints than among 10. */
function flatness(rows: readonly Row[]): readonly Row[] {
  const at = (n: number) =>
    rows.find((row) => row.at?.['n'] === n && row.at['weights'] === tiers3.name)?.ours;
  const few = at(10);
  const many = at(10_000);
  if (few === undefined || many === undefined) return [];
  const growth = many / few;
  return [
    {
      suite: 'pick',
      case: 'growth of a pick from n = 10 to n = 10,000, 3 distinct',
      unit: 'times',
      ours: growth,
      peers: {},
      ratio: {},
      rounds: rows[0]?.rounds ?? 0,
      goal: { text: 'at most 1.5', met: growth <= 1.5 },
    },
  ];
}

function loopOf({ subject, body }: Contender): Loop {
  return compileLoop(subject, body);
}

/** Builds ours and every peer that can take these weights, each with a loop of its own. */
export function contenders(weights: readonly number[], against: readonly Peer[]): Contenders {
  const own = ours.create(weights);
  if (own === undefined) throw new Error('ours takes all weights');
  const others = against.flatMap((peer) => {
    const contender = peer.create(weights);
    return contender === undefined ? [] : [[peer.name, loopOf(contender)] as const];
  });
  return { ours: loopOf(own), ...Object.fromEntries(others) };
}
