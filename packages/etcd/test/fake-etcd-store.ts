import type { WatchResponse, WireKeyValue } from '../src/protocol.ts';

type Event = WatchResponse['events'][number];
type Op = readonly [key: string, value: string | undefined];

/** A store with etcd's notion of revisions, and every state it ever had, to compare with. */
export class FakeEtcdStore {
  clusterId: string;
  revision = 1;
  compacted = 0;
  readonly #history: Event[] = [];
  readonly #states: ReadonlyMap<string, string>[] = [new Map(), new Map()];
  readonly #live = new Map<string, WireKeyValue>();

  constructor(clusterId = '1') {
    this.clusterId = clusterId;
  }

  /** One transaction: all operations get the same revision. */
  commit(ops: readonly Op[]): void {
    const revision = this.revision + 1;
    let changed = false;
    for (const [key, value] of new Map(ops)) {
      const before = this.#live.get(key);
      if (value === undefined && !before) continue;
      changed = true;
      const kv: WireKeyValue = {
        key: Buffer.from(key),
        value: Buffer.from(value ?? ''),
        createRevision: before?.createRevision ?? String(revision),
        modRevision: String(revision),
        lease: '0',
      };
      if (value === undefined) this.#live.delete(key);
      else this.#live.set(key, kv);
      this.#history.push({ type: value === undefined ? 'DELETE' : 'PUT', kv });
    }
    if (!changed) return;
    this.revision = revision;
    this.#states.push(new Map([...this.#live].map(([key, kv]) => [key, kv.value.toString()])));
  }

  /** The content at a revision, as far as it begins with `prefix`. */
  at(revision: number, prefix: string): Map<string, string> {
    const state = this.#states[revision] ?? new Map();
    return new Map([...state].filter(([key]) => key.startsWith(prefix)));
  }

  list(prefix: string): WireKeyValue[] {
    return [...this.#live.values()].filter(({ key }) => key.toString().startsWith(prefix));
  }

  /** The history from a revision on, in batches of so many revisions, as an unsynced watcher gets it. */
  batches(from: number, prefix: string, revisionsPerBatch: number): Event[][] {
    const batches: Event[][] = [];
    let revisions = new Set<string>();
    let batch: Event[] = [];
    for (const event of this.#history) {
      const modRevision = event.kv?.modRevision ?? '0';
      if (Number(modRevision) < from || !event.kv?.key.toString().startsWith(prefix)) continue;
      if (!revisions.has(modRevision) && revisions.size === revisionsPerBatch) {
        batches.push(batch);
        batch = [];
        revisions = new Set();
      }
      revisions.add(modRevision);
      batch.push(event);
    }
    if (batch.length > 0) batches.push(batch);
    return batches;
  }

  /** A message of a watch stream; the header bears the store's revision of now, as etcd's does. */
  message(part: Partial<WatchResponse>): WatchResponse {
    return {
      header: this.header(),
      watchId: '0',
      created: false,
      canceled: false,
      compactRevision: '0',
      cancelReason: '',
      fragment: false,
      events: [],
      ...part,
    };
  }

  header(): { clusterId: string; memberId: string; revision: string; raftTerm: string } {
    const { clusterId } = this;
    return { clusterId, memberId: '1', revision: String(this.revision), raftTerm: '2' };
  }
}
