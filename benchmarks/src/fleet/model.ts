import type { ServerMode } from './server.ts';

/** What happens to a server while it is simulated, `at` so many milliseconds into the measured time. */
export type Incident = { readonly at: number; readonly server: number } & (
  | { readonly kind: 'speed'; readonly speed: number }
  | { readonly kind: 'mode'; readonly mode: ServerMode }
  /** It has just started: its speed grows from `fromSpeed` to 1 within `coldMs`. */
  | { readonly kind: 'cold'; readonly fromSpeed: number; readonly coldMs: number }
  /** Clients hear that it is there, or gone; what it then has, it finishes. */
  | { readonly kind: 'join' | 'leave' }
);

/** A fleet and what is asked of it. Times in milliseconds. */
export interface FleetModel {
  readonly name: string;
  readonly clients: number;
  /** Capacity of every server. */
  readonly capacities: readonly number[];
  /** What clients take the capacities to be. Default: what they are. */
  readonly weights?: readonly number[];
  /** Servers that join later, by an incident. */
  readonly absent?: readonly number[];
  /** Workers for one unit of capacity. */
  readonly workersPerCapacity: number;
  /** Mean demand of a call at speed 1. */
  readonly demandMs: number;
  /** Log-normal (σ = 1, so the coefficient of variation is 1.3), or exponential. */
  readonly demand: 'lognormal' | 'exponential';
  /** Calls, as a share of what the servers present at the start can do with their neighbours. */
  readonly load: number;
  /** Whether neighbours slow servers down at random. */
  readonly antagonists: boolean;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Part of the measured time whose calls count. Default: all of it. */
  readonly window?: readonly [from: number, to: number];
  /** Attempts per call; above 1 within the shipped retry budget. */
  readonly attempts: number;
  /** Whether each endpoint has a circuit breaker, whatever the policy. */
  readonly hasBreakers: boolean;
  readonly incidents: readonly Incident[];
  /** What the time to react is measured of: a server and when it is worth less than usual. */
  readonly fault?: { readonly server: number; readonly at: number; readonly until: number };
  /** The servers that each client calls. Default: all. */
  readonly subset?: { readonly size: number };
}

/** A call that takes longer has failed. Failed calls count as having taken so long. */
export const DEADLINE_MS = 2_000;

/** Neighbours slow a server down `mild` to `severe` times for U(shortest, longest) after Exp(quiet). */
export const ANTAGONIST = {
  quietMs: 20_000,
  shortestMs: 562.5,
  longestMs: 4_500,
  mild: 2,
  severe: 5,
} as const;

/** Mean share of its capacity that a server loses to its neighbours. */
export function antagonistLoss(): number {
  const { quietMs, shortestMs, longestMs, mild, severe } = ANTAGONIST;
  const burstMs = (shortestMs + longestMs) / 2;
  const speed = Math.log(severe / mild) / (severe - mild); // E[1 / U(mild, severe)]
  return (burstMs / (burstMs + quietMs)) * (1 - speed);
}
