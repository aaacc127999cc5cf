import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdApi } from './etcd-api.ts';
import { type EtcdMember, type EtcdTlsFiles, etcdEnvironment, etcdFlags } from './etcd-flags.ts';
import { findEtcd } from './find-etcd.ts';
import { findFreePort } from './free-port.ts';
import { guardProcess } from './process-guard.ts';
import { waitFor } from './wait-for.ts';

/** Options of {@link startEtcd}. */
export interface EtcdOptions {
  /** Path of the server's binary. Default: what `findEtcd()` finds. */
  readonly binary?: string;
  /** Serves clients over TLS. */
  readonly tls?: EtcdTlsFiles;
  /** Further command-line flags, such as `['--quota-backend-bytes', '4194304']`. */
  readonly flags?: readonly string[];
  /** Told what is being done when it takes long. */
  readonly onProgress?: (message: string) => void;
}

/** A real etcd server in a child process, with its data in the system's temporary folder. */
export interface EtcdServer {
  /** Where clients connect, `127.0.0.1:port`. Stays the same across restarts. */
  readonly endpoint: string;
  readonly pid: number | undefined;
  readonly dataDir: string;
  /** Plain HTTP access that shares no code with what is tested. Not for TLS servers. */
  readonly api: EtcdApi;
  /** SIGKILL: as in a crash. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM: as in a deploy. Resolves when the process is gone. */
  terminate(): Promise<void>;
  /** SIGSTOP: the connections stay open and nobody answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /**
   * Starts the server again, after killing it if it still runs. Resolves when it answers, or at once
   * with `wait: false` (a cluster's first member cannot answer alone). Further flags hold for this start.
   */
  restart(options?: { readonly wait?: boolean; readonly flags?: readonly string[] }): Promise<void>;
  /** Deletes the data, as of a dead disk. Only while the server is down. */
  wipe(): Promise<void>;
  /** The sum of all samples of one of the server's own metrics, such as `etcd_debugging_mvcc_watcher_total`. */
  metric(name: string): Promise<number>;
  /** Resolves when the server says that it is healthy (or full: an alarm counts as an answer). */
  ready(): Promise<void>;
  /** What the server has printed lately. */
  log(): string;
  /** Ends the server and deletes its data. Safe to call twice. */
  stop(): Promise<void>;
}

const LOG_LIMIT = 64 * 1024;

/**
 * Starts an etcd server and resolves when it answers.
 *
 * @throws {Error} if no etcd can be found, with the reasons, or if it does not start.
 */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await createEtcdServer(options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      const clash = server.log().includes('address already in use');
      await server.stop();
      if (!clash || attempt === 5) throw error;
    }
  }
}

/** Prepares a server without starting it. Most callers want {@link startEtcd}. */
export async function createEtcdServer(
  options: EtcdOptions,
  member?: EtcdMember,
): Promise<EtcdServer> {
  const binary = options.binary ?? (await requireEtcd(options));
  const dataDir = await mkdtemp(join(tmpdir(), 'wrr-etcd-'));
  const [clientPort, metricsPort] = [await findFreePort(), await findFreePort()];
  const peerPort = member?.peerPort ?? (await findFreePort());
  const endpoint = `127.0.0.1:${clientPort}`;
  const health = `http://127.0.0.1:${metricsPort}/health`;
  const ports = { clientPort, metricsPort, peerPort };
  const args = [...etcdFlags(dataDir, ports, options.tls, member), ...(options.flags ?? [])];
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  let callOff: (() => void) | undefined;
  let printed = '';
  let stopped = false;

  const start = (flags: readonly string[]): void => {
    if (stopped) throw new Error(`the etcd at ${endpoint} has been stopped`);
    printed = '';
    const started = spawn(binary, [...args, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: etcdEnvironment(),
    });
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed = (printed + chunk.toString()).slice(-LOG_LIMIT);
      });
    }
    exited = new Promise((resolve) => {
      started.once('error', (error) => {
        printed += String(error);
        resolve();
      });
      started.once('exit', () => resolve());
    });
    if (started.pid) callOff = guardProcess(started.pid, dataDir);
    child = started;
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    callOff?.();
    child?.kill(signal);
    // A stopped process does not see SIGTERM until it runs again.
    if (signal !== 'SIGKILL') child?.kill('SIGCONT');
    child = undefined;
    await exited;
  };

  const ready = async (): Promise<void> => {
    let gone = false;
    void exited.then(() => {
      gone = true;
    });
    const what = `etcd at ${endpoint} to become healthy`;
    const answered = await waitFor(async () => gone || (await isHealthy(health)), {
      timeoutMs: 30_000,
      intervalMs: 20,
      what,
    }).catch((error: unknown) => {
      throw new Error(`${what}: no answer in time\n${printed.slice(-2000)}`, { cause: error });
    });
    if (answered && gone) throw new Error(`etcd ended:\n${printed.slice(-2000)}`);
  };

  return {
    endpoint,
    get pid() {
      return child?.pid;
    },
    dataDir,
    api: new EtcdApi(`http://${endpoint}`),
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async restart({ wait = true, flags = [] } = {}) {
      await end('SIGKILL');
      start(flags);
      if (wait) await ready();
    },
    async wipe() {
      if (child) throw new Error('wipe() while etcd runs: kill() it first');
      await rm(join(dataDir, 'data'), { recursive: true, force: true });
    },
    metric: (name) => sumOfMetric(`http://127.0.0.1:${metricsPort}/metrics`, name),
    ready,
    log: () => printed,
    async stop() {
      stopped = true;
      await end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function requireEtcd(options: EtcdOptions): Promise<string> {
  const found = await findEtcd(options);
  if (found.kind === 'found') return found.binary;
  throw new Error(`no etcd to be had: ${found.reasons.join('; ')}`);
}

async function sumOfMetric(url: string, name: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const samples = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  const body = (await response.json()) as { health?: string; reason?: string };
  return body.health === 'true' || /alarm/i.test(body.reason ?? '');
}
