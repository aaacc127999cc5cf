import type { Endpoint } from '@wrr/core';
import { type Decoded, decodeEndpoint } from './codec.ts';
import type { Change, KeyValue } from './watch-state.ts';

/** The keys of a service as endpoints. Without I/O or time of its own. */
export interface EndpointTable {
  /** Number of keys that hold an endpoint. */
  readonly size: number;
  /**
   * Takes changes of keys in. Returns what was wrong with their values: those are skipped, and a
   * malformed value over a good one leaves the good one in force, as Go's resolver does.
   */
  apply(changes: readonly Change[]): readonly Rejected[];
  /** All endpoints in order of their keys. The same objects as before where nothing has changed. */
  endpoints(): readonly Endpoint[];
}

/** A value that was skipped or mended. */
interface Rejected {
  readonly key: string;
  readonly reason: string;
}

interface Row {
  endpoint: Endpoint;
  readonly createRevision: number;
}

/**
 * Creates an empty table. Which keys count, and in which order, is only found out anew when keys come,
 * go or change their address: a change of weight in a thousand endpoints costs a copy of the list.
 */
export function createEndpointTable(): EndpointTable {
  const rows = new Map<string, Row>();
  /** The rows that count, in order of their keys. */
  let counting: readonly Row[] | undefined;
  let list: readonly Endpoint[] | undefined;

  const remove = (key: string): void => {
    if (rows.delete(key)) counting = undefined;
  };
  const set = (key: string, { endpoint, createRevision }: Row): void => {
    const row = rows.get(key);
    if (row?.createRevision === createRevision && row.endpoint.key === endpoint.key) {
      row.endpoint = endpoint;
      return;
    }
    rows.set(key, { endpoint, createRevision });
    counting = undefined;
  };

  return {
    get size() {
      return rows.size;
    },
    apply(changes) {
      if (changes.length > 0) list = undefined;
      const rejected: Rejected[] = [];
      for (const { key, after } of changes) {
        if (!after) {
          remove(key);
          continue;
        }
        const decoded = decodeEndpoint(after.value);
        if (decoded.kind === 'malformed') {
          rejected.push({ key, reason: decoded.reason });
        } else {
          if (decoded.warning) rejected.push({ key, reason: decoded.warning });
          set(key, rowOf(after, decoded));
        }
      }
      return rejected;
    },
    endpoints() {
      counting ??= oneForEachAddress(rows);
      list ??= counting.map(({ endpoint }) => endpoint);
      return list;
    },
  };
}

/** Two keys, one server: the key that was created last knows best. */
function oneForEachAddress(rows: ReadonlyMap<string, Row>): readonly Row[] {
  const byAddress = new Map<string, Row>();
  for (const key of [...rows.keys()].sort()) {
    const row = rows.get(key);
    if (!row) continue;
    const other = byAddress.get(row.endpoint.key);
    if (!other || row.createRevision >= other.createRevision) {
      byAddress.set(row.endpoint.key, row);
    }
  }
  return [...byAddress.values()];
}

function rowOf(kv: KeyValue, { endpoint }: Extract<Decoded, { kind: 'endpoint' }>): Row {
  const { address, weight, metadata } = endpoint;
  return {
    endpoint: { key: address, weight, ...(metadata && { metadata }) },
    createRevision: kv.createRevision,
  };
}
