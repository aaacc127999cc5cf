/**
 * The boundary to packages without types: the only file here that trusts what they are. Each is driven
 * as its own documentation or its own caller drives it. Versions: see package.json.
 */
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { endpointName, type Peer } from './peer.ts';

const require = createRequire(import.meta.url);

interface QueueEntry {
  readonly endpointName: string;
  readonly picker: object;
  readonly period: number;
  readonly deadline: number;
}
interface PriorityQueue {
  pop(): QueueEntry;
  push(...entries: QueueEntry[]): number;
}
const { PriorityQueue } = require('@grpc/grpc-js/build/src/priority-queue.js') as {
  PriorityQueue: new (before: (a: QueueEntry, b: QueueEntry) => boolean) => PriorityQueue;
};

/**
 * What grpc-js's `weighted_round_robin` does at a pick before it asks the child's picker, word for word
 * from `load-balancer-weighted-round-robin.js` (the queue itself is grpc-js's own).
 */
class GrpcJsQueue {
  readonly #queue: PriorityQueue = new PriorityQueue((a, b) => a.deadline < b.deadline);

  constructor(weights: readonly number[]) {
    for (const [i, weight] of weights.entries()) {
      const period = 1 / weight;
      this.#queue.push({
        endpointName: endpointName(i),
        picker: {},
        period,
        deadline: Math.random() * period,
      });
    }
  }

  next(): string {
    const entry = this.#queue.pop();
    this.#queue.push(
      Object.assign(Object.assign({}, entry), { deadline: entry.deadline + entry.period }),
    );
    return entry.endpointName;
  }
}

export const grpcJsQueue: Peer = {
  name: 'grpc-js weighted_round_robin queue',
  create(weights) {
    const queue = new GrpcJsQueue(weights);
    return { subject: queue, body: 's.next() !== undefined', next: () => queue.next() };
  },
};

interface Peers {
  add(peer: { id: string; server: string; weight: number }): string;
  get(): { server: string } | null;
}
const Peers = require('weighted-round-robin') as new () => Peers;

export const weightedRoundRobinPackage: Peer = {
  name: 'npm weighted-round-robin',
  create(weights) {
    const peers = new Peers();
    for (const [i, weight] of weights.entries()) {
      peers.add({ id: endpointName(i), server: endpointName(i), weight });
    }
    return { subject: peers, body: 's.get().server', next: () => peers.get()?.server ?? '' };
  },
};

interface WrrPool {
  add(value: string, weight: number): void;
  next(): string | null;
}
const WrrPool = require('wrr-pool') as new () => WrrPool;

export const wrrPool: Peer = {
  name: 'npm wrr-pool',
  create(weights) {
    // Every add looks at all: building 10,000 takes minutes. A pick walks the endpoints once for every
    // step of the weight: with weights in the thousands it does not come back.
    const heaviest = weights.reduce((a, b) => Math.max(a, b), 1);
    if (weights.length > 1_000 || heaviest > 1_000) return undefined;
    const pool = new WrrPool();
    for (const [i, weight] of weights.entries()) pool.add(endpointName(i), weight);
    return { subject: pool, body: 's.next()', next: () => pool.next() ?? '' };
  },
};

interface BalancedPool {
  _updateBalancedPoolStats(): void;
  readonly [symbol: symbol]: unknown;
}
interface FakePool {
  [symbol: symbol]: unknown;
  readonly origin: string;
}
const { BalancedPool } = require('undici') as {
  BalancedPool: new (upstreams: readonly string[], options: object) => BalancedPool;
};
const { kClients, kGetDispatcher, kNeedDrain } =
  require('undici/lib/dispatcher/pool-base.js') as Record<string, symbol>;
const { kUrl } = require('undici/lib/core/symbols.js') as Record<string, symbol>;

/**
 * undici's BalancedPool with its own scheduler and pools that never connect. Its weights are learned
 * (100, minus 15 for each error) and cannot be set, so they are put where it keeps them.
 */
export const undiciBalancedPool: Peer = {
  name: 'undici BalancedPool',
  create(weights) {
    const heaviest = weights.reduce((a, b) => Math.max(a, b), 1);
    if (weights.length > 1_000 || heaviest > 1_000) return undefined;
    if (!kClients || !kGetDispatcher || !kNeedDrain || !kUrl) throw new Error('undici has changed');
    const names = weights.map((_, i) => endpointName(i));
    const pool = new BalancedPool(
      names.map((name) => `http://${name}`),
      {
        maxWeightPerServer: heaviest,
        factory: (origin: string) =>
          Object.assign(new EventEmitter(), {
            [kUrl]: new URL(origin),
            [kNeedDrain]: false,
            origin,
          }),
      },
    );
    const clients = pool[kClients] as FakePool[];
    const kWeight = Object.getOwnPropertySymbols(clients[0]).find(
      (s) => s.description === 'kWeight',
    );
    if (!kWeight) throw new Error('undici has changed');
    for (const [i, client] of clients.entries()) client[kWeight] = weights[i];
    // oxlint-disable-next-line no-underscore-dangle -- undici's name
    pool._updateBalancedPoolStats();
    const scheduler = { pick: (pool[kGetDispatcher] as () => FakePool).bind(pool) };
    return {
      subject: scheduler,
      body: 's.pick() !== undefined',
      next: () => scheduler.pick().origin.slice('http://'.length),
    };
  },
};
