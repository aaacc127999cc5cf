import type { FleetModel } from './model.ts';
import type { ServerView } from './policies/policy.ts';
import { createStream } from './random.ts';

/**
 * The servers that one client calls: each round of clients splits one shuffled list among itself, so
 * that every server has as many clients as any other, give or take one.
 */
export function subsetOf(
  views: readonly ServerView[],
  { subset }: FleetModel,
  client: number,
): readonly ServerView[] {
  if (subset === undefined) return views;
  const perRound = Math.max(1, Math.floor(views.length / subset.size));
  const { next } = createStream(Math.floor(client / perRound), 'round');
  const rank = new Map(views.map((view) => [view, next()]));
  const order = views.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
  const from = (client % perRound) * subset.size;
  return order.slice(from, from + subset.size);
}
