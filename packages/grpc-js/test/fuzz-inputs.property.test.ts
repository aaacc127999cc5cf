import { EventEmitter } from 'node:events';
import { Metadata } from '@grpc/grpc-js';
import { fuzz, type Mutator } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { PolicyConfig } from '../src/config.ts';
import { type Grpc, type SubchannelInterface, validateServiceConfig } from '../src/grpc.ts';
import { type Health, HealthWatch } from '../src/health-watch.ts';
import { readLoadReport } from '../src/load-report.ts';
import { createStaticSource } from '../src/static-source.ts';

const policies = [
  '{}',
  '{"circuitBreaker":{"consecutiveFailures":5,"failureRate":0.5,"slowCallRate":0.5,"slowCall":"0.5s","minimumCalls":20,"window":"10s","open":"1s","maxOpen":"60s","jitter":0.1,"probes":3,"probeConcurrency":1,"probeLease":"10s"}}',
  '{"warmUp":{"window":"30s","minimum":0.1},"minAvailable":0.5,"onAllOpen":"panic","weights":{"10.0.0.1:50051":5,"[::1]:1":0},"startPhase":"first","failureCodes":["UNAVAILABLE","INTERNAL"]}',
  '{"circuitBreaker":false,"warmUp":false,"healthCheck":{"service":"user"}}',
];
const serviceConfigs = [
  '{"loadBalancingConfig":[{"custom_weighted_round_robin":{"minAvailable":0.5}}],"methodConfig":[{"name":[{}],"timeout":"1.5s","waitForReady":true,"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.01s","maxBackoff":"0.1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}',
  '{"retryThrottling":{"maxTokens":10,"tokenRatio":0.1},"methodConfig":[{"name":[{"service":"a","method":"b"}]}]}',
  '{}',
];

/** Protobuf as a careless server might write it: some fields right, then edits. */
function message(mutator: Mutator): Buffer {
  const parts: Buffer[] = [];
  for (let fields = mutator.below(5); fields > 0; fields--) {
    const number = mutator.below(mutator.below(3) === 0 ? 2 ** 20 : 12);
    const wire = mutator.pick([0, 1, 1, 2, 5, 3, 7]);
    parts.push(varint(number * 8 + wire));
    if (wire === 0) parts.push(varint(mutator.below(2 ** 31)));
    else if (wire === 1) parts.push(double(oddNumber(mutator)));
    else if (wire === 2) {
      const bytes = mutator.bytes().subarray(0, 40);
      parts.push(varint(bytes.length), bytes);
    } else parts.push(Buffer.alloc(mutator.below(6), mutator.below(256)));
  }
  const whole = Buffer.concat(parts);
  return mutator.below(3) === 0 ? whole.subarray(0, mutator.below(whole.length + 1)) : whole;
}

function oddNumber(mutator: Mutator): number {
  const value = mutator.oddity();
  return typeof value === 'number' ? value : mutator.below(1_000) / 500;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

describe('whatever comes from outside', () => {
  it('is a policy, or an error that says what is wrong', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: policies,
      make: (mutator) => mutator.json(),
      feed(json) {
        const { parsed } = PolicyConfig.createFromJson(json);
        if ('settings' in parsed) good++;
        else if (!parsed.error.startsWith('custom_weighted_round_robin: '))
          throw new Error(parsed.error);
      },
    });
    expect(good).toBeGreaterThan(1_000);
  });

  it('is a service config or an error', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: serviceConfigs,
      make: (mutator) => mutator.json(),
      feed(json) {
        let config: ReturnType<typeof validateServiceConfig>;
        try {
          config = validateServiceConfig(json);
        } catch (error) {
          if (error instanceof Error && error.message !== '') return; // said why
          throw error;
        }
        good++;
        if (!Array.isArray(config.methodConfig)) throw new Error('no methodConfig');
      },
    });
    expect(good).toBeGreaterThan(1_000);
  });

  it('is a static target, or an error that names the address', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: ['/10.0.0.1:50051=5,10.0.0.2:50051=1', '/[::1]:50051', '/user.example:1=0'],
      make: (mutator) => mutator.text(),
      feed(path) {
        let source: ReturnType<typeof createStaticSource>;
        try {
          source = createStaticSource(path);
        } catch (error) {
          if (error instanceof TypeError || error instanceof RangeError) return;
          throw error;
        }
        good++;
        source.subscribe(({ endpoints }) => {
          if (endpoints.length === 0) throw new Error('no endpoints');
        })();
      },
    });
    expect(good).toBeGreaterThan(100);
  });

  it('is a report of load without odd numbers, or none', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: ['text'],
      make: message,
      feed(bytes) {
        const trailers = new Metadata();
        trailers.set('endpoint-load-metrics-bin', bytes);
        const report = readLoadReport(trailers);
        if (report === undefined) return;
        good++;
        for (const value of Object.values(report)) {
          if (!(value > 0 && Number.isFinite(value))) throw new Error(`${value}`);
        }
      },
    });
    expect(good).toBeGreaterThan(1_000);
  });

  it('is a state of health', { timeout: 60_000 }, () => {
    const { grpc, streams } = fakeGrpc();
    const seen = new Set<Health>();
    const subchannel = { getChannel: () => undefined } as unknown as SubchannelInterface;
    const watch = new HealthWatch({
      grpc,
      subchannel,
      service: 'user',
      onHealth: (h) => seen.add(h),
    });
    const [stream] = streams;
    fuzz({
      corpus: ['\u0008\u0001', '\u0008\u0002', ''],
      make: (mutator) => (mutator.below(2) === 0 ? mutator.bytes() : message(mutator)),
      feed(bytes) {
        stream?.emit('data', stream.decode(bytes));
      },
    });
    watch.close();
    expect([...seen].toSorted()).toEqual(['not-serving', 'serving']);
  });
});

/** As much of grpc-js as a health watch touches, with the decoder of its answers laid open. */
function fakeGrpc(): {
  grpc: Grpc;
  streams: (EventEmitter & { decode(bytes: Buffer): unknown })[];
} {
  const streams: (EventEmitter & { decode(bytes: Buffer): unknown })[] = [];
  class Client {
    makeServerStreamRequest(
      _path: string,
      _encode: unknown,
      decode: (bytes: Buffer) => unknown,
    ): EventEmitter {
      const stream = Object.assign(new EventEmitter(), { decode, cancel: () => {} });
      streams.push(stream);
      return stream;
    }
  }
  const grpc = { Client, credentials: { createInsecure: () => undefined } } as unknown as Grpc;
  return { grpc, streams };
}
