import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EndpointSnapshot } from '@wrr/core';
import { type EtcdEndpointSource, encodeEndpoint, type RegistrationEvent } from '@wrr/etcd';
import { type EtcdApi, sleep, waitFor } from '@wrr/test-support';
import { systemTimers, type Timers } from '../../src/timers.ts';

/** Notes a figure beside its promise, for the table in docs/guides/etcd.md (`chaos:etcd` prints it). */
export function measured(id: string, promised: string, figure: string): void {
  const { WRR_MEASURED } = process.env;
  if (WRR_MEASURED) appendFileSync(WRR_MEASURED, `${JSON.stringify({ id, promised, figure })}\n`);
}

/**
 * How long something may take. On a machine that is busy with other things the promise would be a
 * coin's toss, so only `chaos:etcd`, which has the machine for itself, holds us to it exactly.
 */
export function bound(promisedMs: number): number {
  return measuring() ? promisedMs : promisedMs * 2 + 3_000;
}

function measuring(): boolean {
  const { WRR_MEASURED } = process.env;
  return WRR_MEASURED !== undefined;
}

/** Chooses between what an ordinary test run has time for and what `chaos:etcd` does. */
export function shortOrLong<T>(short: T, long: T): T {
  return measuring() ? long : short;
}

/** Milliseconds as a person reads them. */
export function ms(value: number): string {
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

/** Runs `action`, waits for `condition`, and returns how long that took from the action's end. */
export async function timed(
  action: () => unknown,
  condition: () => unknown,
  what: string,
  timeoutMs = 15_000,
): Promise<number> {
  await action();
  const start = performance.now();
  await waitFor(condition, { timeoutMs, intervalMs: 5, what });
  return performance.now() - start;
}

/** A child process that registers one server. */
export interface RegisteringProcess {
  readonly child: ChildProcess;
  readonly events: string[];
  /** Resolves with the exit code when the process is gone. */
  readonly exited: Promise<number | null>;
}

/** Starts one and resolves when it is registered. */
export async function startRegistering(options: object): Promise<RegisteringProcess> {
  const path = fileURLToPath(new URL('registering-process.js', import.meta.url));
  const child = fork(path, [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Not those of the test runner, which make it look for sources.
    execArgv: [],
  });
  const events: string[] = [];
  child.on('message', (message: { event: string }) => events.push(message.event));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await waitFor(() => events.includes('ready') || child.exitCode !== null, {
    what: 'the process to register',
  });
  if (!events.includes('ready')) throw new Error(`the process ended with ${child.exitCode}`);
  return { child, events, exited };
}

/** Looks at a key again and again, and counts how often it was not there. */
export function watchPresence(api: EtcdApi, key: string, everyMs = 50) {
  const counts = { samples: 0, absent: 0, withoutLease: 0, unanswered: 0 };
  const stopped = new AbortController();
  const run = (async () => {
    while (!stopped.signal.aborted) {
      try {
        const kv = await api.get(key);
        counts.samples++;
        if (!kv) counts.absent++;
        else if (kv.lease === '0') counts.withoutLease++;
      } catch {
        counts.unanswered++;
      }
      await sleep(everyMs);
    }
  })();
  return {
    counts,
    async stop() {
      stopped.abort();
      await run;
      return counts;
    },
  };
}

/** Collects the snapshots of a source. */
export function collect(source: EtcdEndpointSource) {
  const snapshots: EndpointSnapshot[] = [];
  const unsubscribe = source.subscribe((snapshot) => snapshots.push(snapshot));
  return {
    snapshots,
    get last() {
      return snapshots.at(-1);
    },
    /** The last snapshot as address → weight. */
    get weights() {
      return Object.fromEntries(
        (snapshots.at(-1)?.endpoints ?? []).map(({ key, weight }) => [key, weight]),
      );
    },
    unsubscribe,
  };
}

/** Collects a registration's events. */
export function collectEvents(registration: {
  subscribe(listener: (event: RegistrationEvent) => void): () => void;
}): RegistrationEvent[] {
  const events: RegistrationEvent[] = [];
  registration.subscribe((event) => events.push(event));
  return events;
}

/**
 * Timers for tests that break connections many times: pauses are twenty times shorter, and the list
 * that follows a new stream within 5 s comes as late as it can.
 */
export const hastyTimers: Timers = {
  ...systemTimers,
  random: () => 0.999,
  setTimeout: (callback, wait) =>
    systemTimers.setTimeout(callback, wait < 2_500 ? wait / 20 : wait),
};

/** Writes `count` random changes below a prefix, each a revision of its own, many at a time. */
export async function writeHistory(api: EtcdApi, prefix: string, count: number): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const address = `h${Math.floor(Math.random() * 200)}:1`;
      if (Math.random() < 0.3) await api.delete(prefix + address);
      else
        await api.put(prefix + address, encodeEndpoint(address, Math.floor(Math.random() * 1_000)));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return count;
}

/** What etcd has below a prefix, as address → weight. */
export async function expectedWeights(
  api: EtcdApi,
  prefix: string,
): Promise<Record<string, number>> {
  const kvs = await api.list(prefix);
  return Object.fromEntries(
    kvs.map(({ value }) => {
      const { Addr, Metadata } = JSON.parse(value) as {
        Addr: string;
        Metadata: { weight: number };
      };
      return [Addr, Metadata.weight];
    }),
  );
}
