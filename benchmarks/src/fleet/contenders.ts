import { adaptiveDispatch } from '@wrr/core/adaptive';
import { ours } from './policies/ours.ts';
import type { PolicyKind } from './policies/policy.ts';
import { prequal, prequalByInFlight } from './policies/prequal.ts';
import { peakEwma, twoChoices, weightedPeakEwma } from './policies/with-load.ts';
import { earliestDeadline, roundRobin, weightedRandom } from './policies/without-load.ts';

/** Policies by the names that they have in rows. */
export type Contenders = Readonly<Record<string, PolicyKind>>;

const dispatch = adaptiveDispatch();

export const adaptive: PolicyKind = ours({ policy: { dispatch } });
export const adaptiveWithReports: PolicyKind = ours({ policy: { dispatch }, reports: 'levels' });
export const staticWeights: PolicyKind = ours({});
export const staticWithReports: PolicyKind = ours({ reports: 'weights' });
export const staticProtected: PolicyKind = ours({
  policy: { warmUp: { windowMs: 5_000 } },
  hasBreakers: true,
});

export const NAMES = {
  adaptive: 'wrr adaptive',
  adaptiveWithReports: 'wrr adaptive + reports',
  staticWeights: 'wrr static',
  staticWithReports: 'wrr static + reports (A58)',
  staticProtected: 'wrr static + warm-up, breakers',
  peakEwma: 'peak-EWMA',
  prequal: 'Prequal',
  prequalByInFlight: 'Prequal, RIF / weight',
} as const;

/** Our other ways. */
export const OURS: Contenders = {
  [NAMES.adaptiveWithReports]: adaptiveWithReports,
  [NAMES.staticWeights]: staticWeights,
  [NAMES.staticWithReports]: staticWithReports,
};

/** Peers that heed nothing but weights, or not even those. */
export const BLIND: Contenders = {
  'round robin': roundRobin,
  'weighted random': weightedRandom,
  EDF: earliestDeadline,
};

/** Peers that heed load. */
export const AWARE: Contenders = {
  'P2C least-loaded': twoChoices,
  [NAMES.peakEwma]: peakEwma,
  'peak-EWMA / weight': weightedPeakEwma,
  [NAMES.prequal]: prequal,
  [NAMES.prequalByInFlight]: prequalByInFlight,
};
