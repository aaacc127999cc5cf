import type { Row } from '../suite.ts';

/** A promise about a cost row: so many times better than a peer. */
interface Aim {
  readonly peer: string;
  readonly times: number;
}

const NAIVE = 'naive loop';
const GRPC = 'grpc-js weighted_round_robin queue';
const FASTER: Readonly<Record<number, number>> = { 100: 9, 1000: 80, 10000: 800 };
const FEW = new Set(['equal', '3 distinct', '10 distinct']);

function promises(n: number, weights: string): readonly Aim[] {
  const made: Aim[] = [];
  if (n <= 10) made.push({ peer: NAIVE, times: 1 / 1.3 });
  const faster = FASTER[n];
  if (weights === '3 distinct' && faster !== undefined) made.push({ peer: NAIVE, times: faster });
  if (FEW.has(weights)) made.push({ peer: GRPC, times: 15 });
  else if (n >= 100) made.push({ peer: GRPC, times: 5 });
  return made;
}

/** Adds to a cost row what it should show, and whether it does. */
export function withGoal(row: Row, n: number, weights: string): Row {
  const made = promises(n, weights);
  if (made.length === 0) return row;
  const text = made.map(({ peer, times }) => `${Number(times.toFixed(2))}× ${peer}`).join(', ');
  const met = made.every(({ peer, times }) => (row.ratio[peer] ?? 0) >= times);
  return { ...row, goal: { text: `at least ${text}`, met } };
}
