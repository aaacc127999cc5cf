import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import { openAttemptLinks } from '@wrr/core';
import { circuitBreakerMiddleware, deadlineMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { waitFor } from '@wrr/test-support';
import { ClientError, createClientFactory, Status } from 'nice-grpc';
import { deadlineMiddleware as theirDeadlineMiddleware } from 'nice-grpc-client-middleware-deadline';
import { retryMiddleware } from 'nice-grpc-client-middleware-retry';
import { openTelemetryClientMiddleware } from 'nice-grpc-opentelemetry';
import { prometheusClientMiddleware, registry } from 'nice-grpc-prometheus';
import { beforeEach, describe, expect, it } from 'vitest';
import { all, clientOf, endpoints, kinds, requests, threeServers } from '../clients.ts';

const [a, b, c] = await threeServers();

const failover = () => failoverMiddleware({ idempotent: () => true, backoff: { initialMs: 0 } });

/** A counter of nice-grpc-prometheus: its values by method and code. */
async function counted(name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get();
  return Object.fromEntries(
    (metric?.values ?? []).map(({ labels: { grpc_method, grpc_code }, value }) => [
      [grpc_method, grpc_code].filter(Boolean).join(' '),
      value,
    ]),
  );
}

/** All of them: ours inside, as the guide recommends, and theirs around. */
const together = () =>
  createClientFactory()
    .use(failover())
    .use(circuitBreakerMiddleware())
    .use(deadlineMiddleware)
    .use(prometheusClientMiddleware())
    .use(openTelemetryClientMiddleware())
    .use(retryMiddleware);

/** Names and codes of the spans that have ended; codes as numbers. */
const spans: string[] = [];

// The copy that nice-grpc-opentelemetry has: the ESM build would be another one.
const require = createRequire(createRequire(import.meta.url).resolve('nice-grpc-opentelemetry'));
const { trace }: typeof OpenTelemetry = require('@opentelemetry/api');

/** A tracer that keeps what is needed here of the spans. */
const tracer: Pick<OpenTelemetry.Tracer, 'startActiveSpan'> = {
  startActiveSpan(name: string, _options: object, run: (span: OpenTelemetry.Span) => unknown) {
    let code: unknown;
    const span = {
      setAttributes: (attributes: Record<string, unknown>) => {
        code = attributes['rpc.grpc.status_code'] ?? code;
      },
      setStatus: () => {},
      addEvent: () => {},
      recordException: () => {},
      end: () => spans.push(`${name} ${String(code)}`),
    };
    return run(span as object as OpenTelemetry.Span);
  },
} as never;
trace.setGlobalTracerProvider({ getTracer: () => tracer as OpenTelemetry.Tracer });

beforeEach(() => {
  registry.resetMetrics();
  spans.length = 0;
});

describe("in the company of nice-grpc's own middlewares", () => {
  it.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s calls work', async (kind) => {
    const client = await clientOf([a, b, c], { factory: together() });
    await a.behave({ failWith: Status.UNAVAILABLE });
    for (let index = 0; index < 6; index++) {
      const replies = await kinds[kind](client, { deadline: 10_000, retry: true });
      expect(replies[0]?.server).not.toBe('a');
    }
    expect(openAttemptLinks()).toBe(0);
  });

  it('prometheus outside sees calls, inside it sees attempts', async () => {
    const factory = createClientFactory();
    await a.behave({ failWith: Status.UNAVAILABLE });
    const outside = await clientOf([a, b], {
      factory: factory.use(failover()).use(prometheusClientMiddleware()),
    });
    for (let index = 0; index < 4; index++) await outside.unary({});
    expect(await counted('grpc_client_handled_total')).toEqual({ 'Unary OK': 4 });
    registry.resetMetrics();
    const inside = await clientOf([a, b], {
      factory: factory.use(prometheusClientMiddleware()).use(failover()),
    });
    for (let index = 0; index < 4; index++) await inside.unary({});
    const attempts = await counted('grpc_client_handled_total');
    expect(attempts['Unary OK']).toBe(4);
    expect(attempts['Unary UNAVAILABLE']).toBeGreaterThanOrEqual(2);
  });

  it('prometheus sees the code of a call that ran out of time, and of one that was not sent', async () => {
    const factory = createClientFactory()
      .use(circuitBreakerMiddleware({ circuitBreaker: { consecutiveFailures: 1, openMs: 60_000 } }))
      .use(deadlineMiddleware)
      .use(prometheusClientMiddleware());
    const client = await clientOf([a], { factory });
    await a.behave({ hang: true });
    await client.unary({}, { deadline: 30 }).catch(() => {});
    await client.unary({}, { deadline: 30 }).catch(() => {});
    expect(await counted('grpc_client_handled_total')).toEqual({
      'Unary DEADLINE_EXCEEDED': 1,
      'Unary UNAVAILABLE': 1,
    });
  });

  it('opentelemetry outside sees one span for each call, with its final code', async () => {
    const factory = createClientFactory()
      .use(failover())
      .use(deadlineMiddleware)
      .use(openTelemetryClientMiddleware());
    const client = await clientOf([a, b], { factory });
    await a.behave({ failWith: Status.UNAVAILABLE });
    for (let index = 0; index < 2; index++) await all(client.serverStream({}));
    await b.behave({ hang: true });
    await client.unary({}, { deadline: 30 }).catch(() => {});
    expect(spans).toEqual([
      'wrr.test.Echo/ServerStream 0',
      'wrr.test.Echo/ServerStream 0',
      'wrr.test.Echo/Unary 4',
    ]);
  });

  it("nice-grpc's retries inside stay linked: they, too, go to another endpoint", async () => {
    const client = await clientOf([a, b], {
      factory: createClientFactory().use(retryMiddleware).use(failover()),
    });
    await a.behave({ failWith: Status.UNAVAILABLE });
    for (let index = 0; index < 4; index++) {
      const options = { retry: true, retryBaseDelayMs: 1, retryMaxAttempts: 1 };
      expect((await client.unary({}, options)).server).toBe('b');
    }
  });

  describe("nice-grpc's own deadline middleware", () => {
    it('outside: the call ends with its error, and ours leave nothing behind', async () => {
      const factory = createClientFactory()
        .use(failover())
        .use(circuitBreakerMiddleware())
        .use(theirDeadlineMiddleware);
      const client = await clientOf([a], { factory });
      await a.behave({ hang: true });
      const error = await client.unary({}, { deadline: 30 }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ClientError);
      expect(error).toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      await waitFor(() => endpoints()[0]?.inFlight === 0);
      // What ours is for: theirs looks like a call that the client cancelled.
      expect(endpoints()[0]).toMatchObject({ failures: 0, ignored: 1 });
      expect(openAttemptLinks()).toBe(0);
    });

    it('together with ours: whichever is outermost takes the deadline', async () => {
      for (const factory of [
        createClientFactory().use(theirDeadlineMiddleware).use(deadlineMiddleware),
        createClientFactory().use(deadlineMiddleware).use(theirDeadlineMiddleware),
      ]) {
        const client = await clientOf([a], { factory });
        await a.behave({ hang: true });
        const call = all(client.bidi(requests(1), { deadline: 30 }));
        await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      }
    });
  });
});
