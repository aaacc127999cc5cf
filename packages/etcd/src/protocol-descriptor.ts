import type { fromJSON } from '@grpc/proto-loader';

interface Fields {
  readonly [name: string]: { type: string; id: number; rule?: 'repeated' };
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ type, id, rule: 'repeated' as const });
const message = (fields: Fields, oneof?: readonly string[]) => ({
  fields,
  ...(oneof && { oneofs: { kind: { oneof: [...oneof] } } }),
});
const method = (requestType: string, responseType: string, stream = false) => ({
  requestType,
  responseType,
  requestStream: stream,
  responseStream: stream,
  comment: '',
});

/** The messages of `protocol.ts` as a descriptor in protobufjs' JSON form. */
export const descriptor: Parameters<typeof fromJSON>[0] = {
  nested: {
    etcdserverpb: {
      nested: {
        KV: {
          methods: {
            Range: method('RangeRequest', 'RangeResponse'),
            Put: method('PutRequest', 'HeaderResponse'),
            DeleteRange: method('DeleteRangeRequest', 'DeleteRangeResponse'),
            Txn: method('TxnRequest', 'TxnResponse'),
          },
        },
        Watch: { methods: { Watch: method('WatchRequest', 'WatchResponse', true) } },
        Lease: {
          methods: {
            LeaseGrant: method('LeaseGrantRequest', 'LeaseGrantResponse'),
            LeaseRevoke: method('LeaseIdRequest', 'HeaderResponse'),
            LeaseKeepAlive: method('LeaseIdRequest', 'LeaseKeepAliveResponse', true),
          },
        },
        Auth: {
          methods: { Authenticate: method('AuthenticateRequest', 'AuthenticateResponse') },
        },
        ResponseHeader: message({
          clusterId: one('uint64', 1),
          memberId: one('uint64', 2),
          revision: one('int64', 3),
          raftTerm: one('uint64', 4),
        }),
        KeyValue: message({
          key: one('bytes', 1),
          createRevision: one('int64', 2),
          modRevision: one('int64', 3),
          value: one('bytes', 5),
          lease: one('int64', 6),
        }),
        EventType: { values: { PUT: 0, DELETE: 1 } },
        Event: message({ type: one('EventType', 1), kv: one('KeyValue', 2) }),
        HeaderResponse: message({ header: one('ResponseHeader', 1) }),
        RangeRequest: message({
          key: one('bytes', 1),
          rangeEnd: one('bytes', 2),
          serializable: one('bool', 7),
          keysOnly: one('bool', 8),
        }),
        RangeResponse: message({ header: one('ResponseHeader', 1), kvs: many('KeyValue', 2) }),
        PutRequest: message({
          key: one('bytes', 1),
          value: one('bytes', 2),
          lease: one('int64', 3),
        }),
        DeleteRangeRequest: message({ key: one('bytes', 1), rangeEnd: one('bytes', 2) }),
        DeleteRangeResponse: message({
          header: one('ResponseHeader', 1),
          deleted: one('int64', 2),
        }),
        CompareResult: { values: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 } },
        CompareTarget: { values: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 } },
        Compare: message(
          {
            result: one('CompareResult', 1),
            target: one('CompareTarget', 2),
            key: one('bytes', 3),
            modRevision: one('int64', 6),
            lease: one('int64', 8),
          },
          ['modRevision', 'lease'],
        ),
        RequestOp: message(
          { requestRange: one('RangeRequest', 1), requestPut: one('PutRequest', 2) },
          ['requestRange', 'requestPut'],
        ),
        ResponseOp: message(
          { responseRange: one('RangeResponse', 1), responsePut: one('HeaderResponse', 2) },
          ['responseRange', 'responsePut'],
        ),
        TxnRequest: message({
          compare: many('Compare', 1),
          success: many('RequestOp', 2),
          failure: many('RequestOp', 3),
        }),
        TxnResponse: message({
          header: one('ResponseHeader', 1),
          succeeded: one('bool', 2),
          responses: many('ResponseOp', 3),
        }),
        WatchCreateRequest: message({
          key: one('bytes', 1),
          rangeEnd: one('bytes', 2),
          startRevision: one('int64', 3),
          progressNotify: one('bool', 4),
          fragment: one('bool', 8),
        }),
        WatchProgressRequest: message({}),
        WatchRequest: message(
          {
            createRequest: one('WatchCreateRequest', 1),
            progressRequest: one('WatchProgressRequest', 3),
          },
          ['createRequest', 'progressRequest'],
        ),
        WatchResponse: message({
          header: one('ResponseHeader', 1),
          watchId: one('int64', 2),
          created: one('bool', 3),
          canceled: one('bool', 4),
          compactRevision: one('int64', 5),
          cancelReason: one('string', 6),
          fragment: one('bool', 7),
          events: many('Event', 11),
        }),
        LeaseGrantRequest: message({ TTL: one('int64', 1), ID: one('int64', 2) }),
        LeaseGrantResponse: message({
          header: one('ResponseHeader', 1),
          ID: one('int64', 2),
          TTL: one('int64', 3),
        }),
        LeaseIdRequest: message({ ID: one('int64', 1) }),
        LeaseKeepAliveResponse: message({
          header: one('ResponseHeader', 1),
          ID: one('int64', 2),
          TTL: one('int64', 3),
        }),
        AuthenticateRequest: message({ name: one('string', 1), password: one('string', 2) }),
        AuthenticateResponse: message({
          header: one('ResponseHeader', 1),
          token: one('string', 2),
        }),
      },
    },
  },
};
