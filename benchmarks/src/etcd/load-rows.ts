import type { EtcdServer } from '@wrr/test-support';
import { sleep } from '@wrr/test-support';
import { quantile } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { etcd3, ours, oursAtOnce, type Registered } from './watchers.ts';

/** What one watcher has seen. */
interface Seen {
  readonly latencies: number[];
  /** Address → the last weight. */
  readonly latest: Map<string, number>;
}

/** Who watches, and how large a share of the watchers they are. */
const WATCHERS = [
  { name: 'ours', stack: ours, share: 0.4 },
  { name: 'etcd3 1.1.2', stack: etcd3, share: 0.4 },
  { name: 'ours, coalesceMs: 0', stack: oursAtOnce, share: 0.2 },
] as const;
type Name = (typeof WATCHERS)[number]['name'];

/**
 * Many servers, each with its own lease, that change their weights all the time, and watchers of all
 * kinds on the same keys, in one process beside etcd's. An update counts as missed when a watcher has
 * seen neither it nor a later one of the same server two seconds after the last.
 */
export async function loadRows(server: EtcdServer, { quick, progress }: Context): Promise<Row[]> {
  const servers = quick ? 100 : 1_000;
  const perMinute = quick ? 3_000 : 10_000;
  const watchers = quick ? 4 : 20;
  const seconds = quick ? 5 : 40;
  const scenario = `${servers.toLocaleString('en-US')} servers, ${perMinute.toLocaleString('en-US')} updates a minute, ${watchers} watchers`;
  progress(`${scenario}: registering`);

  const service = 'load';
  const registering = ours.registrar(server.endpoint);
  const registered: { address: string; entry: Registered }[] = [];
  // A process registers one server; a thousand at once would measure only that crowd.
  while (registered.length < servers) {
    const batch = Array.from({ length: Math.min(50, servers - registered.length) }, (_, index) => {
      const number = registered.length + index;
      const address = `10.2.${number >> 8}.${number & 255}:50051`;
      return registering.register(service, address, 1).then((entry) => ({ address, entry }));
    });
    registered.push(...(await Promise.all(batch)));
  }

  // Of each server the updates that are under way: weight → when it was sent.
  const sent = new Map(registered.map(({ address }) => [address, new Map<number, number>()]));
  const kinds = new Map<Name, Seen[]>();
  const open: { close(): Promise<void> }[] = [];
  for (const { name, stack, share } of WATCHERS) {
    const all: Seen[] = [];
    for (let index = 0; index < Math.max(1, Math.round(watchers * share)); index++) {
      const seen: Seen = { latencies: [], latest: new Map() };
      open.push(
        await stack.watch(server.endpoint, service, (address, weight = 0) => {
          const at = sent.get(address)?.get(weight);
          if (at === undefined) return;
          seen.latencies.push(performance.now() - at);
          seen.latest.set(address, weight);
        }),
      );
      all.push(seen);
    }
    kinds.set(name, all);
  }

  progress(`${scenario}: ${seconds} s`);
  const last = await update(registered, sent, perMinute, seconds);
  await sleep(2_000);
  await Promise.all(open.map((each) => each.close()));
  await registering.close();

  const latencies = (name: Name) => (kinds.get(name) ?? []).flatMap((seen) => seen.latencies);
  const missed = (name: Name) =>
    (kinds.get(name) ?? []).reduce((sum, { latest }) => {
      return sum + [...last].filter(([address, weight]) => latest.get(address) !== weight).length;
    }, 0);
  const rounds = latencies('ours').length;
  const row = (name: string, unit: string, figure: (of: Name) => number): Row => {
    const own = figure('ours');
    const peers = Object.fromEntries(
      WATCHERS.slice(1).map((each) => [each.name, figure(each.name)]),
    );
    const ratio = Object.fromEntries(Object.entries(peers).map(([peer, ms]) => [peer, ms / own]));
    return {
      suite: 'etcd',
      case: `${scenario}: ${name}`,
      unit,
      ours: own,
      peers,
      ratio: unit === 'ms' ? ratio : {},
      rounds,
    };
  };
  const at = (share: number) =>
    row(`update → seen, p${share * 100}`, 'ms', (of) => quantile(latencies(of), share));
  const p99 = at(0.99);
  const lost = row('updates missed', 'updates', missed);
  return [
    at(0.5),
    { ...p99, goal: { text: '< 100 ms', met: p99.ours < 100 } },
    { ...lost, goal: { text: '0', met: lost.ours === 0 } },
  ];
}

/** Changes weights at an even rate, each server in turn. Returns what each server has in the end. */
async function update(
  registered: readonly { address: string; entry: { setWeight(weight: number): Promise<void> } }[],
  sent: ReadonlyMap<string, Map<number, number>>,
  perMinute: number,
  seconds: number,
): Promise<Map<string, number>> {
  const last = new Map<string, number>();
  const began = performance.now();
  const total = Math.round((perMinute / 60) * seconds);
  const pending: Promise<void>[] = [];
  for (let done = 0; done < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 60_000) * perMinute));
    for (; done < due; done++) {
      const next = registered[done % registered.length];
      if (!next) break;
      const weight = 2 + Math.floor(done / registered.length);
      sent.get(next.address)?.set(weight, performance.now());
      last.set(next.address, weight);
      pending.push(next.entry.setWeight(weight));
    }
    await sleep(1);
  }
  await Promise.all(pending);
  return last;
}
