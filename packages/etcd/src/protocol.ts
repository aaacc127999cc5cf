/**
 * The part of etcd's protocol that this package speaks: names and field numbers of etcd's
 * `api/etcdserverpb/rpc.proto` and `api/mvccpb/kv.proto` (Apache-2.0), which every etcd 3.x keeps.
 *
 * 64-bit integers travel as decimal strings: a lease's ID does not fit into a double.
 */

/** Present in every answer. */
export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: string;
  readonly raftTerm: string;
}

export interface WireKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  /** `'0'` when the key has no lease. */
  readonly lease: string;
}

interface WireEvent {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: WireKeyValue | null;
}

interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
}

interface RangeResponse {
  readonly header: ResponseHeader | null;
  readonly kvs: readonly WireKeyValue[];
}

interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease?: string;
}

interface DeleteRangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

interface Compare {
  readonly result: 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL';
  readonly target: 'VERSION' | 'CREATE' | 'MOD' | 'VALUE' | 'LEASE';
  readonly key: Buffer;
  readonly modRevision?: string;
  readonly lease?: string;
}

interface RequestOp {
  readonly requestPut?: PutRequest;
  readonly requestRange?: RangeRequest;
}

interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

interface TxnResponse {
  readonly header: ResponseHeader | null;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly responseRange?: RangeResponse | null }[];
}

export interface WatchRequest {
  readonly createRequest?: {
    readonly key: Buffer;
    readonly rangeEnd?: Buffer;
    readonly startRevision: string;
    readonly progressNotify: boolean;
    readonly fragment: boolean;
  };
  readonly progressRequest?: Record<string, never>;
}

export interface WatchResponse {
  readonly header: ResponseHeader | null;
  /** `'-1'` in the answer to a progress request. */
  readonly watchId: string;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: string;
  readonly cancelReason: string;
  /** More parts of the same message follow. */
  readonly fragment: boolean;
  readonly events: readonly WireEvent[];
}

interface LeaseResponse {
  readonly header: ResponseHeader | null;
  readonly ID: string;
  /** Seconds; 0 in a keep-alive's answer means that the lease is gone. */
  readonly TTL: string;
}

/** Request and response of each unary method. */
export interface UnaryMethods {
  'KV/Range': readonly [RangeRequest, RangeResponse];
  'KV/Put': readonly [PutRequest, { readonly header: ResponseHeader | null }];
  'KV/DeleteRange': readonly [DeleteRangeRequest, { readonly deleted: string }];
  'KV/Txn': readonly [TxnRequest, TxnResponse];
  'Lease/LeaseGrant': readonly [{ readonly TTL: string; readonly ID: string }, LeaseResponse];
  'Lease/LeaseRevoke': readonly [{ readonly ID: string }, object];
  'Auth/Authenticate': readonly [
    { readonly name: string; readonly password: string },
    { readonly token: string },
  ];
}

/** Request and response of each bidirectional stream. */
export interface StreamMethods {
  'Watch/Watch': readonly [WatchRequest, WatchResponse];
  'Lease/LeaseKeepAlive': readonly [{ readonly ID: string }, LeaseResponse];
}
