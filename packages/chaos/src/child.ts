import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChildEvent } from './protocol.ts';

/** A process of the run. */
export interface Child<C> {
  /** Gives a command and resolves with the answer; rejects if the process ends before it. */
  ask(command: C): Promise<unknown>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGKILL; resolves when it is gone. Safe to call twice. */
  kill(): Promise<void>;
  /** Resolves when it has ended. */
  readonly exited: Promise<void>;
}

/** Options of {@link startChild}. */
export interface ChildOptions {
  /** Name of the file in this folder, without its ending. */
  readonly entry: 'server-process' | 'client-process' | 'proxy-process';
  readonly settings: object;
  readonly onEvent: (event: ChildEvent) => void;
  /** Called when the process ends without having been killed or told to. */
  readonly onCrash: (reason: string) => void;
}

type Message =
  | { readonly id: number; readonly result?: unknown; readonly error?: string }
  | ChildEvent;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL'); // a frozen one would not notice our end
});

/** Starts a process and resolves when it says that it is ready. */
export async function startChild<C>(options: ChildOptions): Promise<Child<C>> {
  const { entry, settings, onEvent, onCrash } = options;
  const child = fork(fileURLToPath(new URL(`./${entry}.js`, import.meta.url)), {
    env: { ...process.env, WRR_CHAOS_CHILD: JSON.stringify(settings) },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  running.add(child);
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2_000);
  });
  const waiting = new Map<number, Waiting>();
  let expected = false;
  let nextId = 0;

  const exited = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    const reason = `${entry} ended with ${String(code ?? signal)}\n${complaints}`;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
    if (!expected && code !== 0) onCrash(reason);
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if ('id' in message) {
        const asked = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.error === undefined) asked?.resolve(message.result);
        else asked?.reject(new Error(message.error));
      } else if (message.event === 'ready') resolve();
      else onEvent(message);
    });
    void exited.then(() => reject(new Error(`${entry} did not become ready\n${complaints}`)));
  });
  await ready;

  return {
    exited,
    ask(command) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, command }, (error) => {
          if (error !== null) reject(error);
        });
      });
    },
    signal: (name) => void child.kill(name),
    async kill() {
      expected = true;
      child.kill('SIGKILL');
      await exited;
    },
  };
}
