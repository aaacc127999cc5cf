import { EtcdError } from './errors.ts';
import type { EtcdInternals } from './etcd-client.ts';

/** What became of a write. */
export type Written =
  | { readonly kind: 'stored'; readonly revision: number }
  /** The key bears the lease of someone else: nothing was written. */
  | { readonly kind: 'superseded'; readonly leaseId: string };

/** Takes the key over, whoever has it: what a server does that has just started. */
export async function takeKey(
  client: EtcdInternals,
  key: Buffer,
  value: string,
  lease: string,
  signal: AbortSignal,
): Promise<Written> {
  const request = { key, value: Buffer.from(value), lease };
  const { header } = await client.unary('KV/Put', request, { signal });
  return { kind: 'stored', revision: Number(header?.revision ?? 0) };
}

/**
 * Writes the key only if it is ours or nobody's, in etcd's own eyes and not in those of a watch that
 * may lag: so a process that was frozen cannot take the key back from its successor.
 */
export async function writeOwnKey(
  client: EtcdInternals,
  key: Buffer,
  value: string,
  lease: string,
  isOwnLease: (id: string) => boolean,
  signal: AbortSignal,
): Promise<Written> {
  const requestPut = { key, value: Buffer.from(value), lease };
  const owned = await client.unary(
    'KV/Txn',
    {
      compare: [{ result: 'EQUAL', target: 'LEASE', key, lease }],
      success: [{ requestPut }],
      failure: [{ requestRange: { key } }],
    },
    { signal },
  );
  if (owned.succeeded) return { kind: 'stored', revision: Number(owned.header?.revision ?? 0) };

  const found = owned.responses[0]?.responseRange?.kvs[0];
  if (found && found.lease !== '0' && !isOwnLease(found.lease)) {
    return { kind: 'superseded', leaseId: found.lease };
  }
  const modRevision = found?.modRevision ?? '0';
  const unchanged = await client.unary(
    'KV/Txn',
    {
      compare: [{ result: 'EQUAL', target: 'MOD', key, modRevision }],
      success: [{ requestPut }],
      failure: [],
    },
    { signal },
  );
  if (unchanged.succeeded) {
    return { kind: 'stored', revision: Number(unchanged.header?.revision ?? 0) };
  }
  throw new EtcdError(
    'unavailable',
    `etcd key ${key.toString()} changed while it was being written`,
  );
}
