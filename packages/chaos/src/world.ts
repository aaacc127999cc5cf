import { type EtcdCluster, findFreePort, startEtcdCluster } from '@wrr/test-support';
import { type Child, startChild } from './child.ts';
import { type Condition, createCondition } from './condition.ts';
import { type RemoteProxy, startNetwork } from './network.ts';
import type { ChildEvent, ClientCommand, ClientKind, ServerCommand, Stall } from './protocol.ts';
import type { ClientRecords, Records, ServerRecords } from './records.ts';
import type { Schedule } from './schedule.ts';
import { watchStalls } from './stall-watch.ts';

/** A server and the proxy in front of it. */
export interface WorldServer {
  readonly records: ServerRecords;
  readonly proxy: RemoteProxy;
  weight: number;
  child: Child<ServerCommand> | undefined;
  /** Starts its process (again), on the same port, with the current weight. */
  start(): Promise<void>;
}

/** A client and its proxies to etcd. */
export interface WorldClient {
  readonly records: ClientRecords;
  readonly etcdProxies: readonly RemoteProxy[];
  readonly child: Child<ClientCommand>;
}

/** All processes of the run. */
export interface World {
  readonly etcd: EtcdCluster;
  readonly servers: readonly WorldServer[];
  readonly clients: readonly WorldClient[];
  readonly records: Records;
  readonly service: string;
  /** Ends all processes. */
  close(): Promise<void>;
}

/** Options of {@link createWorld}. */
export interface WorldOptions {
  readonly schedule: Schedule;
  readonly servers: number;
  readonly clients: readonly ClientKind[];
  /** Calls a second of each client. */
  readonly rate: number;
}

const SERVICE = 'service/user';
const TTL_SECONDS = 3;

/** Starts etcd, proxies, servers and clients; resolves when all servers are registered. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const startedAt = Date.now();
  const etcd = await startEtcdCluster({ flags: ['--snapshot-count', '2000'] });
  const crashes: string[] = [];
  const crashed = (reason: string): void => void crashes.push(reason);
  const stalls: Stall[] = [];
  /** Notes a process's standstill, unless it was we who stopped it. */
  const stalled = (event: ChildEvent, running?: Condition): void => {
    if (event.event !== 'stall') return;
    const { from, to } = event.stall;
    if (running?.goodThroughout(from, to) !== false) stalls.push(event.stall);
  };
  const network = await startNetwork(stalled, crashed);
  watchStalls((stall) => stalls.push(stall));
  const toEtcd = (): Promise<RemoteProxy[]> =>
    Promise.all(etcd.endpoints.map((endpoint) => network.open(endpoint)));

  const serverRecords: ServerRecords[] = [];
  const clientRecords: ClientRecords[] = [];
  const records: Records = {
    schedule: options.schedule,
    startedAt,
    endedAt: startedAt,
    ttlSeconds: TTL_SECONDS,
    clients: clientRecords,
    servers: serverRecords,
    etcd: createCondition(startedAt),
    registry: [],
    faults: [],
    quiet: [],
    disturbances: 0,
    footprints: [],
    crashes,
    stalls,
    arrivals: 0,
    maxLagMs: 0,
  };

  const serversToEtcd = hosts(await toEtcd());
  const servers: WorldServer[] = [];
  for (let index = 0; index < options.servers; index++) {
    const port = await findFreePort();
    const front = await network.open(`127.0.0.1:${port}`);
    const condition = createCondition(startedAt);
    const own: ServerRecords = {
      name: `s${index}`,
      address: front.endpoint,
      reachable: condition,
      running: createCondition(startedAt),
    };
    const server: WorldServer = {
      records: own,
      proxy: front,
      weight: index + 1,
      child: undefined,
      async start() {
        let counted = 0;
        server.child = await startChild<ServerCommand>({
          entry: 'server-process',
          settings: {
            name: own.name,
            port,
            address: own.address,
            weight: server.weight,
            service: SERVICE,
            etcd: serversToEtcd,
            ttlSeconds: TTL_SECONDS,
          },
          onCrash: crashed,
          onEvent(event) {
            stalled(event, own.running);
            if (event.event !== 'calls') return;
            records.arrivals += event.calls - counted;
            counted = event.calls;
          },
        });
      },
    };
    serverRecords.push(own);
    servers.push(server);
  }
  await Promise.all(servers.map((server) => server.start()));

  const clients: WorldClient[] = [];
  for (const kind of options.clients) {
    const etcdProxies = await toEtcd();
    const own: ClientRecords = {
      kind,
      reports: [],
      views: [],
      running: createCondition(startedAt),
      path: createCondition(startedAt),
    };
    const child = await startChild<ClientCommand>({
      entry: 'client-process',
      settings: { kind, service: SERVICE, etcd: hosts(etcdProxies), rate: options.rate },
      onCrash: crashed,
      onEvent(event) {
        stalled(event, own.running);
        receive(own, event);
      },
    });
    clientRecords.push(own);
    clients.push({ records: own, etcdProxies, child });
  }

  return {
    etcd,
    servers,
    clients,
    records,
    service: SERVICE,
    async close() {
      await Promise.all([...servers, ...clients].map(async ({ child }) => child?.kill()));
      await network.close();
      await etcd.stop();
    },
  };
}

const hosts = (list: readonly RemoteProxy[]): string[] => list.map(({ endpoint }) => endpoint);

function receive(client: ClientRecords, event: ChildEvent): void {
  if (event.event !== 'report') return;
  client.reports.push(event.report);
  for (const { at, endpoints } of event.report.views) client.views.push({ from: at, endpoints });
}
