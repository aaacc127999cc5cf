import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { interopFolder } from './folders.ts';

/** What a Node server's process is started with. */
export interface NodeServerSettings {
  /** What it calls itself in its replies. */
  readonly name: string;
  /** `host:port`. */
  readonly etcd: string;
  readonly service: string;
  readonly weight: number;
  readonly ttlSeconds: number;
}

/** What the parent tells it. */
export interface NodeServerCommand {
  readonly kind: 'calls' | 'weight' | 'deregister' | 'shutdown';
  readonly weight?: number;
}

/** A grpc-js server in a process of its own, registered with `@wrr/etcd`. */
export interface NodeServer {
  readonly address: string;
  tell(kind: NodeServerCommand['kind'], weight?: number): Promise<unknown>;
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Kills it if it runs. Safe to call twice. */
  close(): Promise<void>;
}

type Message = { id: number; result?: unknown; error?: string } | { address: string };

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL'); // a frozen one would not notice our end
});

/** Starts a server and resolves when it has registered. */
export async function startNodeServer(settings: NodeServerSettings): Promise<NodeServer> {
  // The built file: Node 20 cannot run TypeScript.
  const child = fork(join(interopFolder, 'dist', 'node-server-process.js'), {
    env: { ...process.env, WRR_NODE_SERVER: JSON.stringify(settings) },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  const gone = once(child, 'exit').finally(() => running.delete(child));
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: Message) => {
      if ('address' in message) resolve(message.address);
    });
    child.once('exit', (code) => reject(new Error(`server ${settings.name} ended: ${code}`)));
  });
  let nextId = 0;
  const signal: NodeServer['signal'] = async (name) => {
    child.kill(name);
    if (name === 'SIGKILL') await gone;
  };
  return {
    address,
    signal,
    tell(kind, weight) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const answered = (message: Message): void => {
          if (!('id' in message) || message.id !== id) return;
          done();
          if (message.error === undefined) resolve(message.result);
          else reject(new Error(message.error));
        };
        const ended = (): void => {
          done();
          reject(new Error(`server ${settings.name} ended before it answered ${kind}`));
        };
        const done = (): void => {
          child.off('message', answered);
          child.off('exit', ended);
        };
        child.on('message', answered);
        child.on('exit', ended);
        child.send({ id, command: { kind, ...(weight !== undefined && { weight }) } });
      });
    },
    close: () => signal('SIGKILL'),
  };
}
