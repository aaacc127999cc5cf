import { monitorEventLoopDelay } from 'node:perf_hooks';
import { sleep, waitFor } from '@wrr/test-support';
import { viewAt } from './check-calls.ts';
import { shareDeviation } from './check-quiet.ts';
import { inject } from './inject.ts';
import type { Footprint, Shares } from './protocol.ts';
import type { QuietRecord, Records } from './records.ts';
import type { Step } from './schedule.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** How long the world may take to be in order again, before a quiet stretch. */
const SETTLE_MS = 60_000;
/** How often a quiet stretch is repeated that was disturbed from outside. */
const QUIET_REPEATS = 2;

/** Plays a schedule to a world of real processes and returns what was seen. */
export async function run(options: WorldOptions, say: (line: string) => void): Promise<Records> {
  const world = await createWorld(options);
  const { records } = world;
  const delay = monitorEventLoopDelay();
  delay.enable();
  const watching = watchRegistry(world);
  try {
    for (const step of options.schedule.steps) await take(world, step, say);
    await Promise.all(world.clients.map(({ child }) => child.ask({ kind: 'stop' })));
  } finally {
    await watching.stop();
    delay.disable();
    records.maxLagMs = delay.max / 1e6;
    records.endedAt = Date.now();
    await world.close();
  }
  return records;
}

async function take(world: World, step: Step, say: (line: string) => void): Promise<void> {
  const { records } = world;
  const seconds = (): string => ((Date.now() - records.startedAt) / 1_000).toFixed(0).padStart(5);
  if (step.kind === 'quiet') {
    for (let repeats = 0; ; repeats++) {
      await settle(world);
      say(`${seconds()} s  quiet for ${step.durationMs / 1_000} s`);
      const seen = await keepQuiet(world, step.durationMs);
      // On a machine that others use, calls time out without our doing: then it was not quiet.
      const disturbed = seen.some((quiet) => quiet.shares.unclean > 0 && shareDeviation(quiet) > 1);
      if (disturbed && repeats < QUIET_REPEATS) {
        records.disturbances++;
        continue;
      }
      records.quiet.push(...seen);
      return measure(world);
    }
  }
  const names = step.faults.map(({ kind, targets }) => `${kind} ${targets.join(',')}`);
  say(`${seconds()} s  ${names.join(' + ')}`);
  await Promise.all(
    step.faults.map(async (fault) => {
      const from = Date.now();
      await inject(world, fault);
      records.faults.push({ fault, from, to: Date.now() });
    }),
  );
  await sleep(step.peaceMs);
}

/** Waits until every server is registered, seen by every client with its weight, and trusted again. */
async function settle(world: World): Promise<void> {
  const { servers, clients, records } = world;
  const inOrder = async (): Promise<boolean> => {
    for (const { records: client, child } of clients) {
      const view = new Map(viewAt(client, Date.now()));
      if (view.size !== servers.length) return false;
      if (servers.some(({ weight, records: { address } }) => view.get(address) !== weight))
        return false;
      if ((await child.ask({ kind: 'trusts-all' })) !== true) return false;
    }
    return true;
  };
  const what = 'all servers to be registered, seen and trusted';
  await waitFor(inOrder, { timeoutMs: SETTLE_MS, intervalMs: 100, what }).catch(
    (error: unknown) => {
      records.crashes.push(String(error));
    },
  );
}

async function keepQuiet(world: World, durationMs: number): Promise<QuietRecord[]> {
  const { clients, servers } = world;
  const weights = Object.fromEntries(
    servers.map(({ records: { name }, weight }) => [name, weight]),
  );
  const from = Date.now();
  await Promise.all(clients.map(({ child }) => child.ask({ kind: 'begin-shares' })));
  await sleep(durationMs);
  const shares = await Promise.all(clients.map(({ child }) => child.ask({ kind: 'end-shares' })));
  const to = Date.now();
  return shares.map((seen, client) => ({ from, to, client, shares: seen as Shares, weights }));
}

async function measure({ clients, servers, records }: World): Promise<void> {
  const processes = [
    ...clients.map(({ child }, index) => [`client ${index}`, child] as const),
    ...servers.map(({ child }, index) => [`server ${index}`, child] as const),
  ];
  for (const [process, child] of processes) {
    const footprint = (await child?.ask({ kind: 'measure' })) as Footprint;
    records.footprints.push({ at: Date.now(), process, footprint });
  }
}

/** Looks into etcd four times a second, past all proxies. */
function watchRegistry({ etcd, service, records }: World): { stop(): Promise<void> } {
  const end = new AbortController();
  const look = async (): Promise<ReadonlyMap<string, number> | undefined> => {
    for (const member of etcd.members) {
      try {
        const all = await member.api.list(`${service}/`);
        return new Map(
          all.map(({ value }) => {
            const { Addr, Metadata } = JSON.parse(value) as {
              Addr: string;
              Metadata: { weight: number };
            };
            return [Addr, Metadata.weight];
          }),
        );
      } catch {
        // This member is down, or has no quorum: ask the next.
      }
    }
    return undefined;
  };
  const loop = (async () => {
    while (!end.signal.aborted) {
      const at = Date.now();
      records.registry.push({ at, endpoints: await look() });
      await sleep(Math.max(0, 250 - (Date.now() - at)));
    }
  })();
  return {
    async stop() {
      end.abort();
      await loop;
    },
  };
}
