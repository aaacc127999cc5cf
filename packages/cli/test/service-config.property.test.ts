import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failoverOptionsOf, loadConfig, serviceConfigOf } from '@wrr/config';
import { channelOptions, failoverInterceptor, register } from '@wrr/grpc-js';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';

beforeAll(() => register());

const ms = (min: number, max: number) => fc.integer({ min, max });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** In one unit or another. */
const durationText = (value: number) => (value % 3 === 0 ? `${value / 1_000}s` : `${value}ms`);
const duration = ms(1, 86_400_000).map(durationText);
const share = fc.double({ min: 0.001, max: 1, noNaN: true });
const count = fc.integer({ min: 1, max: 1_000_000 });
const orFalse = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof(fc.constant(false as const), arbitrary);

const circuitBreaker = fc
  .record({
    consecutiveFailures: optional(orFalse(count)),
    failureRate: optional(orFalse(share)),
    slow: optional(fc.record({ slowCallRate: share, slowCall: duration })),
    minimumCalls: optional(count),
    window: optional(duration),
    opens: fc.tuple(ms(1, 40_000_000), ms(0, 40_000_000)),
    jitter: optional(fc.double({ min: 0, max: 0.99, noNaN: true })),
    probes: optional(count),
    probeConcurrency: optional(count),
    probeLease: optional(duration),
  })
  .map(({ slow, opens: [open, more], ...rest }) => ({
    ...rest,
    ...slow,
    open: durationText(open),
    maxOpen: durationText(open + more),
  }));

const failover = fc.record({
  layer: fc.constantFrom('channel', 'interceptor'),
  methods: fc.constantFrom('all', ['user.UserService'], ['user.UserService/Get', 'a.B']),
  maxAttempts: optional(fc.integer({ min: 2, max: 5 })),
  initialBackoff: optional(ms(1, 200).map(durationText)),
  maxBackoff: optional(ms(250, 60_000).map(durationText)),
  backoffMultiplier: optional(fc.double({ min: 1, max: 10, noNaN: true })),
  retryableStatusCodes: optional(
    fc.subarray(['UNAVAILABLE', 'ABORTED', 'RESOURCE_EXHAUSTED', 'UNKNOWN'], { minLength: 1 }),
  ),
});

const service = fc.record({
  target: fc.constant('etcd:///service/user'),
  weights: optional(
    fc.dictionary(
      fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map((parts) => parts.join(':')),
      fc.integer({ min: 0, max: 1_000_000 }),
    ),
  ),
  circuitBreaker: optional(orFalse(circuitBreaker)),
  warmUp: optional(
    orFalse(
      fc.record({
        window: duration,
        minimum: optional(share),
        afterUnavailable: optional(duration),
      }),
    ),
  ),
  minAvailable: optional(fc.double({ min: 0, max: 1, noNaN: true })),
  onAllOpen: optional(fc.constantFrom('panic', 'fail-fast')),
  startPhase: optional(fc.constantFrom('random', 'first')),
  dispatch: optional(fc.constantFrom('static', 'adaptive')),
  failureCodes: optional(fc.subarray(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNKNOWN'])),
  healthCheck: optional(
    orFalse(fc.record({ serviceName: optional(fc.string()), idle: optional(duration) })),
  ),
  failover: optional(orFalse(failover)),
});

interface Emitted {
  readonly loadBalancingConfig: readonly [{ readonly custom_weighted_round_robin: object }];
  readonly methodConfig?: readonly object[];
}

it('gives what grpc-js and its policy accept, for every valid file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wrr-cli-'));
  const file = join(directory, 'wrr.json');
  const seen = { channel: 0, interceptor: 0 };
  await fc.assert(
    fc.asyncProperty(service, async (user) => {
      await writeFile(file, JSON.stringify({ services: { user } }));
      const { settings } = await loadConfig(file, { env: {} });
      const config = serviceConfigOf(settings, 'user') as unknown as Emitted;
      // Both throw on whatever the parsers of policy and service config would refuse.
      const options = channelOptions({
        policy: config.loadBalancingConfig[0].custom_weighted_round_robin,
        methodConfig: config.methodConfig ?? [],
      });
      expect(JSON.parse(String(options['grpc.service_config']))).toMatchObject(
        JSON.parse(JSON.stringify(config)),
      );
      if (config.methodConfig !== undefined) seen.channel++;

      const failoverOptions = failoverOptionsOf(settings, 'user');
      if (failoverOptions === undefined) return;
      seen.interceptor++;
      failoverInterceptor(failoverOptions);
    }),
    { numRuns: 500 },
  );
  expect(seen.channel).toBeGreaterThan(50);
  expect(seen.interceptor).toBeGreaterThan(50);
  await rm(directory, { recursive: true });
}, 60_000);
