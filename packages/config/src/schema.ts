import * as z from 'zod';
import { registry } from './registry-schema.ts';
import {
  address,
  count,
  duration,
  isShorter,
  orFalse,
  share,
  statusCode,
  text,
  weight,
} from './schema-words.ts';
import type { Settings } from './settings.ts';

const circuitBreaker = z
  .strictObject({
    consecutiveFailures: orFalse(count())
      .default(5)
      .describe('Failures in a row that open the circuit; false for no such rule.'),
    failureRate: orFalse(share())
      .default(0.5)
      .describe('Share of failures in the window that opens the circuit; false for no such rule.'),
    slowCallRate: orFalse(share())
      .default(false)
      .describe('Share of slow calls that opens the circuit; needs slowCall.'),
    slowCall: duration().optional().describe('A call that takes longer than this is slow.'),
    minimumCalls: count()
      .default(20)
      .describe('Calls the window must hold before a rate means anything.'),
    window: duration().default('10s').describe('Length of the window of the rates.'),
    open: duration().default('1s').describe('How long the circuit stays open the first time.'),
    maxOpen: duration().default('60s').describe('The longest it stays open; doubles up to here.'),
    jitter: z.number().min(0).lt(1).default(0.1).describe('Share by which open times are spread.'),
    probes: count().default(3).describe('Successful probes that close the circuit.'),
    probeConcurrency: count().default(1).describe('Probes in flight at once.'),
    probeLease: duration()
      .default('10s')
      .describe('A probe without a result after this time has failed.'),
  })
  .superRefine((breaker, context) => {
    if (isShorter(breaker.maxOpen, breaker.open)) {
      context.addIssue({
        code: 'custom',
        path: ['maxOpen'],
        message: `must be at least open (${breaker.open})`,
        input: breaker.maxOpen,
      });
    }
    if (breaker.slowCallRate !== false && breaker.slowCall === undefined) {
      context.addIssue({ code: 'custom', path: ['slowCallRate'], message: 'needs slowCall' });
    }
  });

const warmUp = z.strictObject({
  window: duration().describe('Length of the ramp from minimum to the full weight.'),
  minimum: share().default(0.1).describe('Share of the weight at which the ramp begins.'),
  afterUnavailable: duration()
    .default('1s')
    .describe('An endpoint that was unavailable this long warms up again.'),
});

const failover = z
  .strictObject({
    methods: z
      .union([
        z.literal('all'),
        z.array(text(/^[\w.]+(\/\w+)?$/, 'package.Service[/Method]')).min(1),
      ])
      .describe('Methods that may be sent twice: all, or a list of package.Service[/Method].'),
    layer: z
      .enum(['channel', 'interceptor'])
      .default('channel')
      .describe('Who retries: grpc-js in the channel, or the failover interceptor.'),
    maxAttempts: z.int().min(2).max(5).default(3).describe('Attempts, the first included.'),
    initialBackoff: duration().default('25ms').describe('Wait before the first retry, ± 20 %.'),
    maxBackoff: duration().default('250ms').describe('The longest wait.'),
    backoffMultiplier: z.number().min(1).max(10).default(2).describe('Growth of the wait.'),
    retryableStatusCodes: z
      .array(statusCode())
      .min(1)
      .default(['UNAVAILABLE'])
      .describe('Status codes that are retried.'),
    perAttemptTimeout: duration()
      .optional()
      .describe('How long an attempt may take; with layer interceptor.'),
    budget: z
      .strictObject({
        ratio: z.number().min(0).max(10).default(0.2).describe('Retries per call.'),
        reservePerSecond: z
          .number()
          .min(0)
          .max(1_000_000)
          .default(10)
          .describe('Retries per second besides.'),
      })
      .optional()
      .describe('Bound of the retries; with layer interceptor.'),
  })
  .superRefine((policy, context) => {
    const complain = (name: keyof typeof policy, message: string) => {
      context.addIssue({ code: 'custom', path: [name], message, input: policy[name] });
    };
    if (isShorter(policy.maxBackoff, policy.initialBackoff)) {
      complain('maxBackoff', `must be at least initialBackoff (${policy.initialBackoff})`);
    }
    for (const name of ['perAttemptTimeout', 'budget'] as const) {
      if (policy.layer === 'interceptor' || policy[name] === undefined) continue;
      complain(name, "needs layer: interceptor, because gRPC's retry policy has no such thing");
    }
    if (new Set(policy.methods).size < policy.methods.length && policy.methods !== 'all') {
      complain('methods', 'must not list a method twice');
    }
  });

const service = z.strictObject({
  target: text(/^\S+$/, 'a channel target, such as etcd:///service/user').describe(
    'What the channel is created for, such as etcd:///service/user.',
  ),
  weights: z
    .record(address(), weight())
    .default({})
    .describe('Weights by address that win over what the resolver says; 0 drains.'),
  circuitBreaker: orFalse(circuitBreaker)
    .prefault({})
    .describe('The circuit breaker of each endpoint; false for none.'),
  warmUp: orFalse(warmUp)
    .default(false)
    .describe('Gives endpoints that join or recover their share little by little.'),
  minAvailable: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the endpoints that breakers must leave in rotation.'),
  onAllOpen: z
    .enum(['panic', 'fail-fast'])
    .default('panic')
    .describe('What happens below minAvailable: ignore the breakers, or fail at once.'),
  startPhase: z
    .enum(['random', 'first'])
    .default('random')
    .describe('Where the sequence starts: anywhere, so that clients differ, or at the first pick.'),
  dispatch: z
    .enum(['static', 'adaptive'])
    .default('static')
    .describe('How endpoints are chosen: by weights alone, or also by load (experimental).'),
  failureCodes: z
    .array(statusCode())
    .optional()
    .describe("Status codes that count against an endpoint. Absent: the policy's own list."),
  failover: orFalse(failover).default(false).describe('Retries on another endpoint.'),
  healthCheck: orFalse(
    z.strictObject({
      serviceName: z.string().default('').describe('Name to ask for; empty: the whole server.'),
      idle: duration()
        .default('10s')
        .describe('The watch is closed when the channel has had no calls for this long.'),
    }),
  )
    .default(false)
    .describe('Client-side health checking (grpc.health.v1).'),
});

const server = z.strictObject({
  service: text(/^[^/\s](\S*[^/\s])?$/, 'a name without spaces or slashes at its ends').describe(
    'Name of the service, such as service/user.',
  ),
  address: address().describe('Where the server listens, host:port, as clients see it.'),
  weight: weight().default(1).describe('Share of the calls, relative to the others.'),
  ttlSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(10)
    .describe('Seconds after which the registry forgets a dead server.'),
  metadata: z
    .record(z.string(), z.json())
    .default({})
    .refine(
      (metadata) => !Object.hasOwn(metadata, 'weight'),
      'must not contain weight: set server.weight',
    )
    .describe('Further metadata, readable by every client.'),
});

/** What settings must be: the one source of validation, defaults and the JSON Schema. */
export const schema: z.ZodType<Settings> = z.strictObject({
  $schema: z.string().optional().describe('Where editors find this schema.'),
  registry: registry.optional().describe('The registry, and how to get in.'),
  services: z
    .record(text(/^[\w./-]+$/, 'a name of letters, digits and ._/-'), service)
    .default({})
    .describe('The services that clients call, by a name of your choice.'),
  server: server.optional().describe('What this process registers about itself.'),
});
