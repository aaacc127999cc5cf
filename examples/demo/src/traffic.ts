import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tally } from './tally.ts';

/** One call: resolves with the name of the server that answered. */
export type Call = () => Promise<string>;

/** Makes calls: a fixed number of them, or until told to stop. */
export class Traffic {
  readonly #call: Call;
  /** The calls of the current scene. */
  tally: Tally = new Tally();

  constructor(call: Call) {
    this.#call = call;
  }

  /** Forgets what was counted. */
  reset(): void {
    this.tally = new Tally();
  }

  /** Makes exactly `count` calls, `workers` at a time. */
  async run(count: number, workers = 8): Promise<Tally> {
    let left = count;
    await this.#work(workers, 20, () => left-- > 0);
    return this.tally;
  }

  /** Calls on and on; the returned function ends that and waits for the calls in flight. */
  start(workers = 12): () => Promise<Tally> {
    let running = true;
    const done = this.#work(workers, 5, () => running);
    return async () => {
      running = false;
      await done;
      return this.tally;
    };
  }

  async #work(workers: number, pauseMs: number, more: () => boolean): Promise<void> {
    const work = async () => {
      while (more()) {
        await this.#once();
        await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  async #once(): Promise<void> {
    const { tally } = this;
    const start = performance.now();
    try {
      const server = await this.#call();
      tally.answered(server, performance.now() - start);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Times and ports differ from call to call; what went wrong does not.
      const reason = message.replace(/,.*|\d+\.\d+s.*|\d{4,5}/g, '…');
      tally.failedWith(reason, performance.now() - start);
    }
  }
}
