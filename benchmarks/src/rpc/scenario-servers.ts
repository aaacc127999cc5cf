import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a server does: `black-hole` fails every call at once; a `dead` one's process was killed. */
export type ServerState = 'healthy' | 'slow' | 'black-hole' | 'dead';

/** What a server's process is started with. */
export interface ServerOptions {
  readonly name: string;
  /** 0 for any. */
  readonly port: number;
  /** Whether it tells clients of its load. */
  readonly reports: boolean;
}

/** Five servers in processes of their own. */
export interface ScenarioServers {
  readonly addresses: readonly string[];
  /** Brings one of them into a state, and resolves when it is in it. */
  set(index: number, state: ServerState): Promise<void>;
  close(): void;
}

const entry = fileURLToPath(new URL('./scenario-server.js', import.meta.url));

/** Starts five servers. */
export async function startScenarioServers(reports: boolean): Promise<ScenarioServers> {
  const children: ChildProcess[] = [];
  const ports: number[] = [];
  const launch = async (index: number): Promise<void> => {
    const name = String.fromCharCode(97 + index);
    const options: ServerOptions = { name, port: ports[index] ?? 0, reports };
    const child = fork(entry, [JSON.stringify(options)], { execArgv: [] });
    children[index] = child;
    const [port]: unknown[] = await once(child, 'message');
    ports[index] = Number(port);
  };
  for (let index = 0; index < 5; index++) await launch(index);
  return {
    addresses: ports.map((port) => `127.0.0.1:${port}`),
    async set(index, state) {
      const child = children[index];
      if (child === undefined) throw new RangeError(`there is no server ${index}`);
      const isDead = child.signalCode !== null;
      if (state === 'dead') {
        if (isDead) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      } else if (isDead) await launch(index);
      else {
        const done = once(child, 'message');
        child.send(state);
        await done;
      }
    },
    close() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
