import { waitFor } from '@wrr/test-support';
import { expect } from 'vitest';
import type { GoProcess, GoTally } from '../src/go-process.ts';
import type { Tally } from '../src/node-client.ts';

/** Anything that makes calls and counts them. */
export interface Caller {
  calls(count: number): Promise<Tally>;
}

/** A Go client as a {@link Caller}. */
export function caller(client: GoProcess): Caller {
  return { calls: (count) => client.ask<GoTally>('calls', { count }) };
}

/**
 * Waits until runs of `count` calls are answered by the servers in the wanted numbers, give or take
 * two: the first run after a change may start in the middle of a cycle. No call may fail meanwhile.
 */
export async function settledShares(
  client: Caller,
  count: number,
  wanted: Readonly<Record<string, number>>,
): Promise<void> {
  const errors: Record<string, number> = {};
  let seen: Tally['servers'] = {};
  const settled = async (): Promise<boolean> => {
    const tally = await client.calls(count);
    Object.assign(errors, tally.errors);
    seen = tally.servers;
    const names = Object.keys({ ...wanted, ...seen });
    return names.every((name) => Math.abs((seen[name] ?? 0) - (wanted[name] ?? 0)) <= 2);
  };
  const close = await waitFor(settled, { timeoutMs: 10_000 }).catch(() => false);
  expect(errors).toEqual({});
  if (!close) expect(seen).toEqual(wanted);
}

/** Waits until 100 calls in a row are answered by exactly these servers. No call may fail meanwhile. */
export async function servedBy(client: Caller, wanted: readonly string[]): Promise<void> {
  const errors: Record<string, number> = {};
  let seen: readonly string[] = [];
  const same = await waitFor(
    async () => {
      const tally = await client.calls(100);
      Object.assign(errors, tally.errors);
      seen = Object.keys(tally.servers).toSorted();
      return seen.join() === wanted.join();
    },
    { timeoutMs: 10_000 },
  ).catch(() => false);
  expect(errors).toEqual({});
  if (!same) expect(seen).toEqual(wanted);
}

/** Has a Go client make calls at a steady rate; the returned function ends that. */
export async function loadOf(client: GoProcess, rate: number): Promise<() => Promise<Tally>> {
  await client.ask('start', { rate });
  return () => client.ask<GoTally>('stop');
}

/**
 * Allows for what gRPC's own retries cannot save: a call whose response headers had arrived when its
 * server was killed is committed (gRFC A6). A grpc-js server sends headers a moment before the message,
 * so one kill under 300 calls a second loses such a call about once in 20 times.
 */
export function expectOnlyBegunAnswersLost({ errors, calls }: Tally): void {
  const lost = Object.values(errors).reduce((sum, count) => sum + count, 0);
  expect(lost, JSON.stringify(errors)).toBeLessThanOrEqual(Math.min(2, calls));
  for (const error of Object.keys(errors)) expect(error).toMatch(/reset|EOF|dropped/i);
}
