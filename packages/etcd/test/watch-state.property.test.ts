import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WatchResponse } from '../src/protocol.ts';
import { createWatchState } from '../src/watch-state.ts';
import { FakeEtcdStore } from './fake-etcd-store.ts';

const PREFIX = 's/';
const key = fc.constantFrom('s/a', 's/b', 's/c', 'other/x', 's2/y');
const value = fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined });

/** Everything that can happen between a watcher and etcd, in any order. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('commit'),
      ops: fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('deliver'), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('open'),
      perBatch: fc.integer({ min: 1, max: 3 }),
      fragments: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('probe') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('progress') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask for list') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('get list') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact') }) },
);
const wipe = fc.record({ do: fc.constant('wipe'), newCluster: fc.boolean(), commits: fc.nat(12) });
type Step =
  | (typeof step extends fc.Arbitrary<infer S> ? S : never)
  | { do: 'wipe'; newCluster: boolean; commits: number };

/** A watcher driven by the state under test, on a network that reorders nothing but cuts anywhere. */
class Simulation {
  store = new FakeEtcdStore();
  readonly state = createWatchState();
  needsList = true;
  /** Messages under way; `undefined` without a stream. */
  stream: WatchResponse[] | undefined;
  sentUpTo = 0;
  list:
    | {
        store: FakeEtcdStore;
        header: ReturnType<FakeEtcdStore['header']>;
        kvs: ReturnType<FakeEtcdStore['list']>;
      }
    | undefined;
  lists = 0;

  /** Sends what the store has and the stream has not, as live events or history. */
  pump(perBatch: number, fragments: boolean): void {
    if (!this.stream) return;
    for (const batch of this.store.batches(this.sentUpTo + 1, PREFIX, perBatch)) {
      if (!fragments) this.stream.push(this.store.message({ events: batch }));
      else {
        for (const [index, event] of batch.entries()) {
          this.stream.push(
            this.store.message({ events: [event], fragment: index < batch.length - 1 }),
          );
        }
      }
    }
    this.sentUpTo = this.store.revision;
  }

  open(perBatch: number, fragments: boolean): void {
    if (this.needsList) return;
    const from = this.state.nextRevision;
    this.state.opened();
    if (from <= this.store.compacted) {
      const compactRevision = String(this.store.compacted);
      this.stream = [
        this.store.message({ created: true }),
        this.store.message({ canceled: true, compactRevision }),
      ];
      return;
    }
    this.stream = [this.store.message({ created: true })];
    this.sentUpTo = Math.max(from - 1, 0);
    this.pump(perBatch, fragments);
  }

  deliver(): void {
    const message = this.stream?.shift();
    if (!message) return;
    const received = this.state.received(message);
    if (received.kind === 'list') {
      this.needsList = true;
      this.stream = undefined;
    }
  }

  askForList(): void {
    this.state.listing();
    this.list = { store: this.store, header: this.store.header(), kvs: this.store.list(PREFIX) };
  }

  getList(): void {
    if (!this.list) return;
    const { store, header, kvs } = this.list;
    this.list = undefined;
    // A list of a store that is gone never arrives: its connection went with it.
    if (store !== this.store) return;
    const { rebased } = this.state.listed(header, kvs);
    this.lists++;
    this.needsList = false;
    if (rebased) this.stream = undefined;
  }

  do(step_: Step): void {
    switch (step_.do) {
      case 'commit':
        this.store.commit((step_ as { ops: [string, string | undefined][] }).ops);
        this.pump(1, false);
        return;
      case 'deliver':
        for (let i = (step_ as { count: number }).count; i > 0; i--) this.deliver();
        return;
      case 'cut':
        this.stream = undefined;
        return;
      case 'open':
        if (!this.stream) {
          const { perBatch, fragments } = step_ as { perBatch: number; fragments: boolean };
          this.open(perBatch, fragments);
        }
        return;
      case 'probe':
        // The answer may overtake events, as on servers before 3.4.25 and 3.5.8.
        this.stream?.unshift(this.store.message({ watchId: '-1' }));
        return;
      case 'progress':
        this.stream?.push(this.store.message({}));
        return;
      case 'ask for list':
        this.askForList();
        return;
      case 'get list':
        this.getList();
        return;
      case 'compact':
        this.store.compacted = this.store.revision;
        return;
      case 'wipe': {
        const { newCluster, commits } = step_ as { newCluster: boolean; commits: number };
        this.stream = undefined;
        this.store = new FakeEtcdStore(newCluster ? '2' : this.store.clusterId);
        for (let i = 0; i < commits; i++) this.store.commit([[`s/${'abc'[i % 3]}`, `new ${i}`]]);
      }
    }
  }

  view(): Map<string, string> {
    return new Map([...this.state.view].map(([name, kv]) => [name, kv.value.toString()]));
  }

  /** Lets everything come to rest, without a list unless the state asks for one. */
  quiesce(): void {
    for (let i = 0; i < 10; i++) {
      if (this.needsList) {
        this.askForList();
        this.getList();
      }
      if (!this.stream) this.open(2, true);
      while (this.stream && this.stream.length > 0) this.deliver();
      if (!this.needsList && this.stream) return;
    }
  }
}

describe('a watch', () => {
  it('shows at every moment exactly the store at the revision before the next', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const simulation = new Simulation();
        for (const next of steps) {
          simulation.do(next);
          const { nextRevision } = simulation.state;
          if (nextRevision > 0) {
            expect(simulation.view()).toEqual(simulation.store.at(nextRevision - 1, PREFIX));
          }
        }
        simulation.quiesce();
        expect(simulation.view()).toEqual(simulation.store.at(simulation.store.revision, PREFIX));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never goes back to an earlier revision', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const simulation = new Simulation();
        let last = 0;
        for (const next of steps) {
          simulation.do(next);
          expect(simulation.state.nextRevision).toBeGreaterThanOrEqual(last);
          last = simulation.state.nextRevision;
        }
      }),
    );
  });

  it('is put right by one list whatever happened to the store, and needs none if it can know', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 30, arbitrary: step }, { weight: 1, arbitrary: wipe }), {
          maxLength: 150,
          size: 'max',
        }),
        (steps) => {
          const simulation = new Simulation();
          for (const next of steps) simulation.do(next);
          simulation.quiesce();
          // The audit that follows every new stream.
          simulation.askForList();
          simulation.getList();
          simulation.quiesce();
          expect(simulation.view()).toEqual(simulation.store.at(simulation.store.revision, PREFIX));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('reports exactly the differences: applied to a copy, they keep it equal to the view', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const simulation = new Simulation();
        const copy = new Map<string, string>();
        const original = { ...simulation.state };
        const take = (
          changes: readonly {
            key: string;
            before?: unknown;
            after?: { value: Buffer } | undefined;
          }[],
        ) => {
          for (const { key: name, before, after } of changes) {
            expect(before !== undefined).toBe(copy.has(name));
            if (after) copy.set(name, after.value.toString());
            else copy.delete(name);
          }
        };
        Object.assign(simulation.state, {
          received: (message: WatchResponse) => {
            const result = original.received(message);
            if (result.kind === 'changed') take(result.changes);
            return result;
          },
          listed: (...args: Parameters<typeof original.listed>) => {
            const result = original.listed(...args);
            take(result.changes);
            return result;
          },
        });
        for (const next of steps) simulation.do(next);
        expect(copy).toEqual(simulation.view());
      }),
      { numRuns: 500 },
    );
  });

  it('D21: a list of what is known already reports nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const simulation = new Simulation();
        for (const next of steps) simulation.do(next);
        simulation.quiesce();
        simulation.state.listing();
        const { store, state } = simulation;
        expect(state.listed(store.header(), store.list(PREFIX))).toEqual({
          changes: [],
          rebased: false,
        });
      }),
      { numRuns: 500 },
    );
  });
});
