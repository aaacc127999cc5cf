import { compileLoop } from '../compile-loop.ts';
import { type Contenders, costRow, effort, interleave } from '../interleave.ts';
import type { Context, Row } from '../suite.ts';
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
      const weights = set.create(n);
      const samples = interleave(contenders(weights, peers), effort(quick));
      rows.push(
        costRow(
          {
            suite: 'pick',
            case: `pick, ${set.name}, n = ${n}`,
            unit: 'ns/pick',
            at: { n, weights: set.name },
          },
          samples,
        ),
      );
    }
  }
  return rows;
}

/** Builds ours and every peer that can take these weights, each with a loop of its own. */
export function contenders(weights: readonly number[], against: readonly Peer[]): Contenders {
  const loop = ({ subject, body }: Contender) => compileLoop(subject, body);
  const own = ours.create(weights);
  if (own === undefined) throw new Error('ours takes all weights');
  const others = against.flatMap((peer) => {
    const contender = peer.create(weights);
    return contender === undefined ? [] : [[peer.name, loop(contender)] as const];
  });
  return { ours: loop(own), ...Object.fromEntries(others) };
}
