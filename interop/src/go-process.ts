import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a run of calls came to, as our Go client counts it. */
export interface GoTally {
  readonly calls: number;
  /** Answers by name of the server. */
  readonly servers: Readonly<Record<string, number>>;
  /** Errors by `code: message`. */
  readonly errors: Readonly<Record<string, number>>;
}

/** A running Go program of ours. Its standard input's end, so also our death, is its end. */
export interface GoProcess {
  /** Where a server listens; empty for the other roles. */
  readonly address: string;
  /** Asks it to do something and resolves with the answer. */
  ask<T>(what: string, fields?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Sends a signal; `SIGKILL` resolves when the process is gone. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Kills it if it runs. Safe to call twice. */
  close(): Promise<void>;
}

/** Options of {@link startGo}. */
export interface GoOptions {
  readonly binary: string;
  readonly role: 'serve' | 'call' | 'endpoints';
  /** `host:port`. */
  readonly etcd: string;
  readonly service: string;
  /** Further flags by name. */
  readonly flags?: Readonly<Record<string, string | number>>;
}

/** The id under which the first message, which has none, is awaited. */
const READY = 0;

interface Reply {
  readonly id?: number;
  readonly event?: string;
  readonly address?: string;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts a Go program and resolves when it is ready: a server when it has registered. */
export async function startGo(options: GoOptions): Promise<GoProcess> {
  const { binary, role, etcd, service, flags = {} } = options;
  const further = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(binary, [role, `-etcd=${etcd}`, `-service=${service}`, ...further], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4_000);
  });
  child.stdin.on('error', () => {}); // a killed child's pipe; the exit says more

  const waiting = new Map<number, (reply: Reply) => void>();
  const end = (error: string): void => {
    for (const settle of waiting.values()) settle({ error });
  };
  const ready = new Promise<Reply>((resolve) => waiting.set(READY, resolve));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    waiting.get(reply.id ?? READY)?.(reply);
  });
  const gone = once(child, 'exit').then(
    ([code, signal]) => end(`it ended with ${String(code ?? signal)}\n${complaints}`),
    (error: unknown) => end(String(error)),
  );
  const { address = '', error } = await ready;
  if (error !== undefined) throw new Error(`go ${role} did not start: ${error}`);
  waiting.delete(READY);

  let nextId = 1;
  const ask = async <T>(what: string, fields: object = {}): Promise<T> => {
    if (ended(child)) throw new Error(`the Go ${role} has ended\n${complaints}`);
    const id = nextId++;
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(id, resolve);
      child.stdin.write(`${JSON.stringify({ ...fields, id, do: what })}\n`);
    });
    waiting.delete(id);
    if (reply.error !== undefined) throw new Error(`go ${role}, ${what}: ${reply.error}`);
    return reply.result as T;
  };
  const signal: GoProcess['signal'] = async (name) => {
    child.kill(name);
    if (name === 'SIGKILL') await gone;
  };
  return { address, ask, signal, close: () => signal('SIGKILL') };
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
