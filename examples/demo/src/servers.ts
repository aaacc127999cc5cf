import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Registration } from '@wrr/core';
import type { DemoRegistry } from './registry.ts';
import type { ServerOrder } from './server-process.ts';

const script = fileURLToPath(new URL('./server-process.js', import.meta.url));

/** Servers must not outlive the demo: a frozen one would not notice that it has ended. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server of the demo, as the demo holds it. */
export class DemoServer {
  readonly name: string;
  weight: number;
  address = '';
  #port = 0;
  #child: ChildProcess | undefined;
  /** Only with the registry in memory: with etcd, the server's own process registers. */
  #registration: Registration | undefined;
  readonly #registry: DemoRegistry;

  constructor(name: string, weight: number, registry: DemoRegistry) {
    this.name = name;
    this.weight = weight;
    this.#registry = registry;
  }

  /** Starts the process, on the port it had before if it ran before. Resolves when it is registered. */
  async start(): Promise<void> {
    const child = fork(script, {
      env: {
        ...process.env,
        ...this.#registry.serverEnvironment,
        DEMO_NAME: this.name,
        DEMO_PORT: String(this.#port),
        DEMO_WEIGHT: String(this.weight),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${this.name} did not start (exit ${String(code)})`);
    });
    ended.catch(() => {});
    const [{ address }] = (await Promise.race([once(child, 'message'), ended])) as [
      { address: string },
    ];
    this.address = address;
    this.#port = Number(address.split(':').at(-1));
    this.#registration = await this.#registry.register?.(address, this.weight);
  }

  /** SIGKILL: no goodbye to anyone. In memory, the demo lets the entry live on like a lease. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    const registration = this.#registration;
    if (registration !== undefined) {
      setTimeout(() => void registration.close(), this.#registry.ttlMs).unref();
    }
  }

  async setWeight(weight: number): Promise<void> {
    this.weight = weight;
    await this.#registration?.setWeight(weight);
    await this.#order({ do: 'set-weight', weight });
  }

  /** Weight 0, a time to finish, then out of the registry. The process stays. */
  async drain(graceMs: number): Promise<void> {
    this.weight = 0;
    await this.#registration?.drain({ graceMs });
    await this.#order({ do: 'drain', graceMs });
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  async #order(order: ServerOrder): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const done = once(child, 'message');
    child.send(order);
    await done;
  }
}
