import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  GrpcBehaviour,
  GrpcCounters,
  HealthState,
  ServerCommand,
  ServerSettings,
} from './grpc-protocol.ts';

/** Options of {@link startGrpcServer}. */
export interface GrpcServerOptions extends Partial<ServerSettings> {
  /** Weight the test wants for this server; only carried along. Default 1. */
  readonly weight?: number;
}

/** A gRPC server in a process of its own, so that it can really be killed and frozen. */
export interface GrpcServerProcess {
  readonly name: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
  /** Process id, or `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Changes what it does with calls, from the next one. */
  behave(behaviour: GrpcBehaviour): Promise<void>;
  /** Changes what its health service says. Has an effect only if it was started with `health`. */
  setHealth(state: HealthState): Promise<void>;
  counters(): Promise<GrpcCounters>;
  /** Sets the counters to zero and returns what they were. */
  resetCounters(): Promise<GrpcCounters>;
  /** SIGKILL: the kernel closes its connections, nothing else is said to anyone. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its port and connections and answers nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** The grpc-js server's `tryShutdown` or, with `force`, `forceShutdown`; the process then ends. */
  shutdown(options?: { readonly force?: boolean }): Promise<void>;
  /** Starts it again on the same port, after it was killed or shut down. */
  restart(): Promise<void>;
  /** Kills it if it runs. Safe to call twice. */
  close(): Promise<void>;
}

const entry = fileURLToPath(new URL('./grpc-server-process.js', import.meta.url));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  // A frozen child would outlive us: it cannot notice that its channel to us is gone.
  for (const child of running) child.kill('SIGKILL');
});

type Message = { id: number; result?: GrpcCounters } | { port: number } | { error: string };

async function launch(settings: ServerSettings): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(entry, {
    env: { ...process.env, WRR_TEST_SERVER: JSON.stringify(settings) },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: Message) => {
      if ('port' in message) resolve(message.port);
      else
        reject(new Error(`test server ${settings.name} did not start: ${JSON.stringify(message)}`));
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`test server ${settings.name} ended at start: ${code ?? signal}`)),
    );
  });
  // It must not keep the test's process alive.
  child.unref();
  child.channel?.unref();
  return { child, port };
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

let named = 0;

/** Starts a gRPC server in a child process and resolves when it listens. */
export async function startGrpcServer(options: GrpcServerOptions = {}): Promise<GrpcServerProcess> {
  const { weight = 1, ...rest } = options;
  const settings = { name: `s${named++}`, host: '127.0.0.1', port: 0, behaviour: {}, ...rest };
  let { child, port } = await launch(settings);
  let behaviour = settings.behaviour;
  let health = settings.health;
  let nextId = 0;
  let waiting = 0;

  async function ask(command: ServerCommand): Promise<GrpcCounters | undefined> {
    const target = child;
    if (ended(target)) throw new Error(`test server ${settings.name} does not run`);
    const id = nextId++;
    // Only a question that waits for its answer keeps our process alive.
    if (waiting++ === 0) target.channel?.ref();
    return new Promise((resolve, reject) => {
      const answered = (message: Message): void => {
        if (!('id' in message) || message.id !== id) return;
        done();
        resolve(message.result);
      };
      const gone = (): void => {
        done();
        if (command.kind === 'shutdown') resolve(undefined);
        else reject(new Error(`test server ${settings.name} ended before it answered`));
      };
      const done = (): void => {
        if (--waiting === 0) target.channel?.unref();
        target.off('message', answered);
        target.off('exit', gone);
      };
      target.on('message', answered);
      target.on('exit', gone);
      target.send({ id, command });
    });
  }

  async function count(reset: boolean): Promise<GrpcCounters> {
    const counters = await ask({ kind: 'counters', reset });
    if (counters === undefined) throw new Error(`test server ${settings.name} sent no counters`);
    return counters;
  }

  async function kill(): Promise<void> {
    if (ended(child)) return;
    child.ref();
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  return {
    name: settings.name,
    port,
    address: `${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    weight,
    get pid() {
      return ended(child) ? undefined : child.pid;
    },
    async behave(next) {
      behaviour = next;
      await ask({ kind: 'behave', behaviour });
    },
    async setHealth(state) {
      health = state;
      await ask({ kind: 'health', state });
    },
    counters: () => count(false),
    resetCounters: () => count(true),
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async shutdown({ force = false } = {}) {
      const exit = ended(child) ? undefined : once(child, 'exit');
      child.ref();
      await ask({ kind: 'shutdown', force });
      await exit;
    },
    async restart() {
      if (!ended(child)) throw new Error(`test server ${settings.name} still runs`);
      ({ child, port } = await launch({
        ...settings,
        port,
        behaviour,
        ...(health === undefined ? {} : { health }),
      }));
    },
    close: kill,
  };
}

/** Several servers, closed together. */
export interface GrpcCluster {
  readonly servers: readonly GrpcServerProcess[];
  /** `host:port=weight,…`: the path of a `wrr:///` target. */
  readonly weighted: string;
  /** `host:port,…`: the path of an `ipv4:` target. */
  readonly addresses: string;
  /** Sum of one counter over all servers that run. */
  total(counter: keyof GrpcCounters): Promise<number>;
  close(): Promise<void>;
}

/** Starts one server for each entry; a number is a weight. Names are `a`, `b`, `c`… */
export async function startGrpcCluster(
  entries: readonly (number | GrpcServerOptions)[],
): Promise<GrpcCluster> {
  const started = await Promise.allSettled(
    entries.map((entry_, index) =>
      startGrpcServer({
        name: String.fromCharCode(97 + index),
        ...(typeof entry_ === 'number' ? { weight: entry_ } : entry_),
      }),
    ),
  );
  const servers = started.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  const failure = started.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return {
    servers,
    weighted: servers.map(({ address, weight }) => `${address}=${weight}`).join(','),
    addresses: servers.map(({ address }) => address).join(','),
    async total(counter) {
      const alive = servers.filter(({ pid }) => pid !== undefined);
      const all = await Promise.all(alive.map((server) => server.counters()));
      return all.reduce((sum, counters) => sum + counters[counter], 0);
    },
    close,
  };
}
