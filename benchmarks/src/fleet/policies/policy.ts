import type { LoadReport, Outcome } from '@wrr/core';
import type { RandomStream } from '../random.ts';

/** A server as clients know it. */
export interface ServerView {
  readonly index: number;
  readonly key: string;
  readonly weight: number;
}

/** What a reply carries beside the answer. */
export interface Reply extends Required<Omit<LoadReport, 'eps'>> {
  /** Requests waiting at the server. */
  readonly queued: number;
  /** How long the request itself took there, without waiting. */
  readonly serviceMs: number;
}

/** An attempt on its way to a server. */
export interface Sent {
  /** The server's index and key. */
  readonly server: number;
  readonly key: string;
  /** Called once. `reply` is absent when the attempt has failed. */
  end(now: number, outcome: Outcome, latencyMs: number, reply: Reply | undefined): void;
}

/** One client's way of choosing servers. */
export interface Policy {
  setServers(servers: readonly ServerView[], now: number): void;
  pick(now: number, tried: ReadonlySet<string> | undefined): Sent | undefined;
  /** A probe has come back. */
  probed?(server: number, inFlight: number, latencyMs: number, now: number): void;
}

/** What a policy is made with. */
export interface PolicyContext {
  readonly random: RandomStream;
  /** Whether every endpoint gets the circuit breaker of breakers.ts. */
  readonly hasBreakers: boolean;
  /** Asks a server for its load. */
  probe(server: number): void;
}

/** A kind of policy. */
export interface PolicyKind {
  create(context: PolicyContext): Policy;
}
