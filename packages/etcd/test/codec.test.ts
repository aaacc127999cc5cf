import { decodeEndpoint, encodeEndpoint, endpointKey } from '@wrr/etcd';
import { describe, expect, it } from 'vitest';

const decode = (text: string) => decodeEndpoint(Buffer.from(text));

const endpoint = (weight: number, metadata?: object) => ({
  kind: 'endpoint',
  endpoint: { address: 'a:1', weight, ...(metadata && { metadata }) },
});

describe('encodeEndpoint', () => {
  it("D7: writes the bytes of Go's json.Marshal(internal.Update)", () => {
    expect(endpointKey('service/user', '10.0.0.1:8080')).toBe('service/user/10.0.0.1:8080');
    expect(encodeEndpoint('10.0.0.1:8080', 10)).toBe(
      '{"Op":0,"Addr":"10.0.0.1:8080","Metadata":{"weight":10}}',
    );
  });

  it('writes the weight as a plain number beside other metadata', () => {
    expect(encodeEndpoint('[::1]:1', 0, { zone: 'a' })).toBe(
      '{"Op":0,"Addr":"[::1]:1","Metadata":{"zone":"a","weight":0}}',
    );
  });
});

describe('decodeEndpoint', () => {
  it.each([
    [
      'what Go writes with metadata',
      '{"Op":0,"Addr":"a:1","Metadata":{"weight":10}}',
      endpoint(10),
    ],
    ['what Go writes without', '{"Op":0,"Addr":"a:1","Metadata":null}', endpoint(1)],
    ['lower-case names', '{"op":0,"addr":"a:1","metadata":{"weight":3}}', endpoint(3)],
    ['odd capitals', '{"ADDR":"a:1"}', endpoint(1)],
    ['the exact name rather than another', '{"addr":"b:2","Addr":"a:1"}', endpoint(1)],
    ['no Op', '{"Addr":"a:1"}', endpoint(1)],
    ['Op 1, as Go ignores it', '{"Op":1,"Addr":"a:1"}', endpoint(1)],
    ['scalar metadata', '{"Addr":"a:1","Metadata":"x"}', endpoint(1)],
    ['fields of the future', '{"Addr":"a:1","Zone":{"x":1}}', endpoint(1)],
    ['weight 0', '{"Addr":"a:1","Metadata":{"weight":0}}', endpoint(0)],
    ['other metadata', '{"Addr":"a:1","Metadata":{"zone":"b"}}', endpoint(1, { zone: 'b' })],
    ['spaces', ' { "Addr" : "a:1" } ', endpoint(1)],
  ])('D7: reads %s', (_, text, expected) => {
    expect(decode(text)).toEqual(expected);
  });

  it.each([
    ['{oops', 'not JSON'],
    ['', 'not JSON'],
    ['null', 'not a JSON object'],
    ['[]', 'not a JSON object'],
    ['7', 'not a JSON object'],
    ['{}', 'no Addr'],
    ['{"Addr":""}', 'no Addr'],
    ['{"Addr":7}', 'no Addr'],
    ['{"Addr":null}', 'no Addr'],
    ['{"Op":"add","Addr":"a:1"}', 'Op is not a small integer'],
    ['{"Op":-1,"Addr":"a:1"}', 'Op is not a small integer'],
    ['{"Op":256,"Addr":"a:1"}', 'Op is not a small integer'],
    ['{"Addr":"10.0.0.1"}', 'Addr is not host:port'],
    ['{"Addr":"10.0.0.1:"}', 'Addr is not host:port'],
    ['{"Addr":"10.0.0.1:0"}', 'Addr is not host:port'],
    ['{"Addr":"10.0.0.1:65536"}', 'Addr is not host:port'],
    ['{"Addr":"::1:50051"}', 'Addr is not host:port'],
    ['{"Addr":"a b:1"}', 'Addr is not host:port'],
    ['{"Addr":"dns:///a:1"}', 'Addr is not host:port'],
  ])('D6: refuses %s', (text, reason) => {
    expect(decode(text)).toEqual({ kind: 'malformed', reason });
  });

  it.each(['"9"', '-1', '2.5', '1e99', '1000001', 'true', '{}', '"heavy"'])(
    'D6: takes the weight %s for 1, and says so',
    (weight) => {
      const decoded = decode(`{"Addr":"a:1","Metadata":{"weight":${weight}}}`);
      expect(decoded).toMatchObject({ kind: 'endpoint', endpoint: { weight: 1 } });
      expect(decoded).toHaveProperty(
        'warning',
        expect.stringContaining('weight must be an integer'),
      );
    },
  );

  it.each(['[::1]:50051', 'user.svc.cluster.local:50051', '10.0.0.1:1', 'localhost:65535'])(
    'takes %s as an address',
    (address) => {
      expect(decode(JSON.stringify({ Addr: address }))).toMatchObject({ endpoint: { address } });
    },
  );

  it('lets no value reach a prototype', () => {
    const decoded = decode(
      '{"Addr":"a:1","__proto__":{"polluted":1},"Metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"in":{"__proto__":{"polluted":1}}}}',
    );
    if (decoded.kind !== 'endpoint') throw new Error(decoded.reason);
    // What a careless reader of the metadata might do.
    const target: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(decoded.endpoint.metadata ?? {})) {
      target[name] = value;
    }
    expect(Reflect.get(target, 'polluted')).toBeUndefined();
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Object.keys(decoded.endpoint.metadata ?? {})).not.toContain('__proto__');
  });
});
