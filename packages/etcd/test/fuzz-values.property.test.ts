import { isWeight } from '@wrr/core';
import { decodeEndpoint } from '@wrr/etcd';
import { fuzz } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { createEndpointTable } from '../src/endpoint-table.ts';
import { parseServiceConfig } from '../src/service-config.ts';

const values = [
  '{"Op":0,"Addr":"10.0.0.1:50051","Metadata":{"weight":5}}',
  '{"Op":0,"Addr":"[::1]:50051","Metadata":null}',
  '{"op":1,"addr":"user.example:1","metadata":{"weight":"9","zone":{"a":[1,2]}}}',
  '{"Op":0,"Addr":"a:1","Metadata":{"__proto__":{"weight":9},"weight":1e3}}',
];
const serviceConfigs = [
  '{"loadBalancingConfig":[{"custom_weighted_round_robin":{"minAvailable":0.5}}],"methodConfig":[{"name":[{}],"timeout":"1.5s","retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"0.1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}',
  '{"retryThrottling":{"maxTokens":10,"tokenRatio":0.1},"methodConfig":[{"name":[{"service":"a","method":"b"}],"hedgingPolicy":{"maxAttempts":2}}]}',
  '{}',
];

/** What must be true of an endpoint that has been let in. */
function expectUsable(key: string, weight: number): void {
  if (!isWeight(weight)) throw new Error(`weight ${String(weight)}`);
  if (!/^\S+:\d{1,5}$/.test(key)) throw new Error(`address ${key}`);
}

describe('whatever is stored in etcd', () => {
  it('is an endpoint or a reason', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: values,
      make: (mutator) =>
        mutator.below(2) === 0
          ? mutator.bytes()
          : Buffer.from(JSON.stringify(mutator.json()) ?? ''),
      feed(bytes) {
        const decoded = decodeEndpoint(bytes);
        if (decoded.kind === 'malformed') return;
        good++;
        expectUsable(decoded.endpoint.address, decoded.endpoint.weight);
      },
    });
    expect(good).toBeGreaterThan(1_000); // the mutants are not all rubbish
  });

  it('makes a list of usable endpoints, under whatever key', { timeout: 60_000 }, () => {
    const table = createEndpointTable();
    let largest = 0;
    fuzz({
      corpus: [...values, 'service/user/10.0.0.1:50051', 'service/user/', 'service/user//x'],
      make: (mutator) => ({
        key: mutator.below(50) === 0 ? mutator.text() : `service/user/${mutator.below(200)}`,
        value: mutator.below(4) === 0 ? undefined : mutator.bytes(),
      }),
      feed({ key, value }, index) {
        const kv = value && { key, value, createRevision: index, modRevision: index, lease: '0' };
        table.apply([{ key, before: undefined, after: kv }]);
        largest = Math.max(largest, table.size);
        if (index % 200 !== 0) return;
        const list = table.endpoints();
        for (const endpoint of list) expectUsable(endpoint.key, endpoint.weight);
        const unique = new Set(list.map((endpoint) => endpoint.key));
        if (unique.size !== list.length) throw new Error('an address is there twice');
      },
    });
    expect(largest).toBeGreaterThan(20);
  });

  it('is a service config or a problem', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: serviceConfigs,
      make: (mutator) => (mutator.below(2) === 0 ? mutator.text() : JSON.stringify(mutator.json())),
      feed(text) {
        const parsed = parseServiceConfig(text ?? '');
        if (parsed.problem === undefined) good++;
        else if (parsed.problem === '') throw new Error('a problem without words');
      },
    });
    expect(good).toBeGreaterThan(1_000);
  });
});
