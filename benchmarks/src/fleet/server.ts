import type { Events } from './events.ts';
import { LatencyEstimate } from './latency-estimate.ts';

/** A request as a server sees it. */
export interface Job {
  /** Milliseconds of work at speed 1. */
  readonly demandMs: number;
  /** Called once: when it is done, refused or lost. */
  answered(isSuccess: boolean): void;
}

/** `failing`: fails every request at once. `down`: refuses, and has lost what it had. */
export type ServerMode = 'up' | 'down' | 'failing';

interface Worker {
  /** What it works at; `undefined` while it is idle. */
  request: Request | undefined;
  /** Work left at `since`. */
  left: number;
  since: number;
  /** Finishes planned before the last change are void. */
  generation: number;
}

interface Request {
  readonly job: Job;
  readonly arrivedAt: number;
  /** Requests in flight that it found there. */
  readonly foundInFlight: number;
}

/** Rates and occupancy are averaged over this time. */
const AVERAGE_MS = 1_000;
/** Requests that may wait, for each worker. */
const QUEUE_PER_WORKER = 32;

/** A server: workers and one first-in-first-out queue. A change of its speed acts on running work. */
export class Server {
  readonly capacity: number;
  readonly workers: number;
  readonly #events: Events;
  readonly #busy: Set<Worker> = new Set();
  readonly #idle: Worker[];
  readonly #queue: Request[] = [];
  #head = 0;
  #mode: ServerMode = 'up';
  #speed = 1;
  #averagedAt = 0;
  #occupancy = 0;
  #rate = 0;
  readonly #latency = new LatencyEstimate();

  constructor(events: Events, capacity: number, workers: number) {
    this.#events = events;
    this.capacity = capacity;
    this.workers = workers;
    this.#idle = Array.from({ length: workers }, () => {
      return { request: undefined, left: 0, since: 0, generation: 0 };
    });
  }

  get mode(): ServerMode {
    return this.#mode;
  }

  get speed(): number {
    return this.#speed;
  }

  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** Requests running or waiting. */
  get inFlight(): number {
    return this.#busy.size + this.queued;
  }

  receive(job: Job): void {
    const isFull = this.queued >= QUEUE_PER_WORKER * this.workers;
    if (this.#mode !== 'up' || isFull) {
      job.answered(false);
      return;
    }
    const request = { job, arrivedAt: this.#events.now, foundInFlight: this.inFlight };
    const worker = this.#idle.pop();
    if (worker === undefined) this.#queue.push(request);
    else this.#run(worker, request);
  }

  setSpeed(speed: number): void {
    const { now } = this.#events;
    for (const worker of this.#busy) {
      worker.left -= (now - worker.since) * this.#speed;
      worker.since = now;
      this.#plan(worker, speed);
    }
    this.#speed = speed;
  }

  setMode(mode: ServerMode): void {
    this.#mode = mode;
    if (mode !== 'down') return;
    this.#average();
    const lost = [...this.#busy].map((worker) => this.#release(worker));
    lost.push(...this.#queue.splice(0).slice(this.#head));
    this.#head = 0;
    for (const request of lost) request?.job.answered(false);
  }

  /** Requests per second and share of busy workers, averaged over a second. */
  report(): { readonly qps: number; readonly utilization: number } {
    this.#average();
    return { qps: this.#rate, utilization: this.#occupancy };
  }

  /** What a request that came now could expect (Prequal's estimate). */
  expectedLatencyMs(): number {
    return this.#latency.at(this.inFlight);
  }

  #run(worker: Worker, request: Request): void {
    this.#average();
    worker.request = request;
    worker.left = request.job.demandMs;
    worker.since = this.#events.now;
    this.#busy.add(worker);
    this.#plan(worker, this.#speed);
  }

  #plan(worker: Worker, speed: number): void {
    const generation = ++worker.generation;
    this.#events.at(worker.since + worker.left / speed, () => {
      if (worker.generation === generation) this.#finish(worker);
    });
  }

  #finish(worker: Worker): void {
    this.#average();
    this.#rate += 1_000 / AVERAGE_MS;
    const request = this.#release(worker);
    if (request !== undefined) {
      this.#latency.add(request.foundInFlight, this.#events.now - request.arrivedAt);
    }
    const next = this.#dequeue();
    if (next !== undefined) {
      this.#idle.pop(); // the one that was released
      this.#run(worker, next);
    }
    request?.job.answered(true);
  }

  #release(worker: Worker): Request | undefined {
    const { request } = worker;
    worker.request = undefined;
    worker.generation++;
    this.#busy.delete(worker);
    this.#idle.push(worker);
    return request;
  }

  #dequeue(): Request | undefined {
    if (this.queued === 0) return undefined;
    const next = this.#queue[this.#head++];
    if (this.#head > 1_024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return next;
  }

  #average(): void {
    const { now } = this.#events;
    const keep = Math.exp(-(now - this.#averagedAt) / AVERAGE_MS);
    this.#occupancy = keep * this.#occupancy + (1 - keep) * (this.#busy.size / this.workers);
    this.#rate *= keep;
    this.#averagedAt = now;
  }
}
