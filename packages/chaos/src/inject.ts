import { sleep } from '@wrr/test-support';
import type { Condition } from './condition.ts';
import { compactUnderneath, killLeader, loseQuorum, wipeMember } from './etcd-faults.ts';
import type { Fault } from './schedule.ts';
import type { World, WorldServer } from './world.ts';

/** Brings about a fault, keeps it up, and mends it. Notes in the records what is broken meanwhile. */
export async function inject(world: World, fault: Fault): Promise<void> {
  const { durationMs, delayMs, targets, kind } = fault;
  const servers = targets.flatMap((index) => world.servers[index] ?? []);
  const clients = targets.flatMap((index) => world.clients[index] ?? []);
  const each = (work: (server: WorldServer) => Promise<void>): Promise<unknown> =>
    Promise.all(servers.map(work));
  const inEtcd = (work: Promise<void>): Promise<void> => during([world.records.etcd], kind, work);

  switch (kind) {
    case 'server-kill':
    case 'all-servers-down':
      await each((server) => killed(server, kind, durationMs));
      return;
    case 'server-freeze':
      await each(async ({ records: { reachable, running }, child }) => {
        child?.signal('SIGSTOP');
        await during([reachable, running], kind, sleep(durationMs));
        child?.signal('SIGCONT');
      });
      return;
    case 'server-cut':
      await each(async ({ records, proxy }) => {
        await during([records.reachable], kind, cutting(proxy, durationMs));
      });
      return;
    case 'server-refuse':
      await each(async ({ records, proxy }) => {
        await during([records.reachable], kind, Promise.all([proxy.refuse(), sleep(durationMs)]));
        await proxy.heal();
      });
      return;
    case 'server-delay':
      await each(async ({ records, proxy }) => {
        await proxy.delay(delayMs);
        await during([records.reachable], kind, sleep(durationMs));
        await proxy.heal();
      });
      return;
    case 'server-black-hole':
      await each(async ({ records, proxy }) => {
        await proxy.blackHole();
        await during([records.reachable], kind, sleep(durationMs));
        await proxy.heal();
      });
      return;
    case 'rolling-restart':
      for (const server of servers) await restarted(server, kind);
      return;
    case 'weights':
      await Promise.all(
        world.servers.map((server, index) => reweigh(server, fault.weights[index] ?? 1)),
      );
      return;
    case 'drain':
      await each(async (server) => {
        const { weight } = server;
        await reweigh(server, 0);
        await sleep(durationMs);
        await reweigh(server, weight);
      });
      return;
    case 'etcd-leader-kill':
      return inEtcd(killLeader(world, durationMs));
    case 'etcd-quorum-loss':
      return inEtcd(loseQuorum(world, targets[0] ?? 0, durationMs));
    case 'etcd-member-wipe':
      return inEtcd(wipeMember(world, targets[0] ?? 0, durationMs));
    case 'etcd-compaction': {
      const paths = world.clients.map(({ records }) => records.path);
      return during(paths, kind, compactUnderneath(world, durationMs));
    }
    case 'client-freeze':
      await Promise.all(
        clients.map(async ({ records, child }) => {
          child.signal('SIGSTOP');
          await during([records.running], kind, sleep(durationMs));
          child.signal('SIGCONT');
        }),
      );
      return;
    case 'client-etcd-cut':
    case 'client-etcd-black-hole':
      await Promise.all(
        clients.map(async ({ records, etcdProxies }) => {
          await during([records.path], kind, async () => {
            if (kind === 'client-etcd-cut') await Promise.all(etcdProxies.map((p) => p.refuse()));
            else await Promise.all(etcdProxies.map((proxy) => proxy.blackHole()));
            await sleep(durationMs);
            await Promise.all(etcdProxies.map((proxy) => proxy.heal()));
          });
        }),
      );
      return;
  }
}

/** Notes that something is broken from before `work` until it has ended. */
async function during(
  conditions: readonly Condition[],
  reason: string,
  work: Promise<unknown> | (() => Promise<unknown>),
): Promise<void> {
  for (const condition of conditions) condition.begin(reason, Date.now());
  try {
    await (typeof work === 'function' ? work() : work);
  } finally {
    for (const condition of conditions) condition.end(reason, Date.now());
  }
}

async function killed(server: WorldServer, reason: string, ms: number): Promise<void> {
  const { reachable, running } = server.records;
  await during([reachable, running], reason, async () => {
    await server.child?.kill();
    await sleep(ms);
    await server.start();
  });
}

/** As in a deployment: drained, deregistered, shut down, started anew. */
async function restarted(server: WorldServer, reason: string): Promise<void> {
  const { reachable, running } = server.records;
  await during([reachable, running], reason, async () => {
    await server.child?.ask({ kind: 'shutdown' });
    await server.child?.exited;
    await server.start();
  });
}

async function reweigh(server: WorldServer, weight: number): Promise<void> {
  server.weight = weight;
  await server.child?.ask({ kind: 'weight', weight });
}

/** Resets the connections again and again. */
async function cutting(proxy: WorldServer['proxy'], ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    await proxy.cut();
    await sleep(400);
  }
}
