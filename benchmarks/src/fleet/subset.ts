import { deterministicSubset } from '@wrr/core';
import type { FleetModel } from './model.ts';
import type { ServerView } from './policies/policy.ts';

/** The servers that one client calls, by the shipped rule: arcs of a ring, or all of them. */
export function subsetOf(
  views: readonly ServerView[],
  { subset }: FleetModel,
  client: number,
): readonly ServerView[] {
  if (subset === undefined) return views;
  return deterministicSubset({ size: subset.size, clientIndex: client })(views);
}
