import { type EtcdServer, sleep, waitFor } from '@wrr/test-support';
import type { World } from './world.ts';

/** Kills the leader; it comes back after `ms`. */
export async function killLeader({ etcd }: World, ms: number): Promise<void> {
  const leader = await findLeader(etcd.members);
  await leader.kill();
  await sleep(ms);
  await leader.restart();
}

/** Kills two of three members; they come back after `ms`. */
export async function loseQuorum({ etcd }: World, first: number, ms: number): Promise<void> {
  const { members } = etcd;
  const two = [0, 1].map((offset) => members[(first + offset) % members.length]);
  await Promise.all(two.map(async (member) => member?.kill()));
  await sleep(ms);
  await Promise.all(two.map(async (member) => member?.restart({ wait: false })));
  await Promise.all(members.map((member) => member.ready()));
}

/**
 * Cuts all clients from etcd, changes the service's keys, and compacts history away before they are
 * back: their watches cannot be resumed.
 */
export async function compactUnderneath(world: World, ms: number): Promise<void> {
  const { etcd, clients, service, servers } = world;
  const proxies = clients.flatMap(({ etcdProxies }) => etcdProxies);
  await Promise.all(proxies.map((proxy) => proxy.refuse()));
  const [member] = etcd.members;
  await Promise.all(
    servers.map(async (server) => server.child?.ask({ kind: 'weight', weight: server.weight + 1 })),
  );
  await Promise.all(
    servers.map(async (server) => server.child?.ask({ kind: 'weight', weight: server.weight })),
  );
  await member?.api.put('compaction/marker', service);
  await member?.api.compact(await member.api.revision());
  await sleep(ms);
  await Promise.all(proxies.map((proxy) => proxy.heal()));
}

/** Takes a member out, deletes its data, and adds it anew, as an operator replaces a dead disk. */
export async function wipeMember({ etcd }: World, index: number, ms: number): Promise<void> {
  const member = etcd.members[index % etcd.members.length];
  const other = etcd.members[(index + 1) % etcd.members.length];
  if (member === undefined || other === undefined) return;
  const id = (await statusOf(member)).header.member_id;
  const { members } = await other.api.call<{ members: { ID: string; peerURLs: string[] }[] }>(
    'cluster/member/list',
  );
  const peerURLs = members.find(({ ID }) => ID === id)?.peerURLs;
  // etcd refuses until it has seen all members well for five seconds.
  const insist = (path: string, body: object): Promise<unknown> =>
    waitFor(() => other.api.call(path, body), { timeoutMs: 20_000, intervalMs: 200, what: path });
  await insist('cluster/member/remove', { ID: id });
  await member.kill();
  await member.wipe();
  await sleep(ms);
  await insist('cluster/member/add', { peerURLs });
  await member.restart({ flags: ['--initial-cluster-state', 'existing'] });
}

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

function statusOf(member: EtcdServer): Promise<Status> {
  return member.api.call<Status>('maintenance/status');
}

async function findLeader(members: readonly EtcdServer[]): Promise<EtcdServer> {
  return waitFor(
    async () => {
      for (const member of members) {
        const { header, leader } = await statusOf(member);
        if (leader === header.member_id) return member;
      }
      return undefined;
    },
    { what: 'etcd to have a leader' },
  );
}
