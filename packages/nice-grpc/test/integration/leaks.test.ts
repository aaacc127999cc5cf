import { isCircuitOpenError, openAttemptLinks } from '@wrr/core';
import { circuitBreakerMiddleware, deadlineMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { type EchoRequest, sleep, waitFor } from '@wrr/test-support';
import { createClientFactory, Status } from 'nice-grpc';
import { expect, it } from 'vitest';
import { all, clientOf, endpoints, requests, threeServers } from '../clients.ts';

const servers = await threeServers();

const CALLS = 10_000;
const CONCURRENT = 50;
/** Longer than any test: a probe that is not given back blocks its breaker for good. */
const FOREVER = 86_400_000;

const failing: EchoRequest = { behaviour: { failWith: Status.INTERNAL } };
const failingLate: EchoRequest = { behaviour: { failWith: Status.INTERNAL, failAfter: 1 } };
const hanging: EchoRequest = { behaviour: { hang: true } };

const leave = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream) return;
};
const slowly = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream) await sleep(1);
};
const aborted = (call: (signal: AbortSignal) => Promise<unknown>, ms: number) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return call(controller.signal).finally(() => clearTimeout(timer));
};

/** A client whose breaker flaps: every failure opens it, every millisecond a probe may pass. */
async function flappingClient() {
  const client = await clientOf(servers, {
    policy: { circuitBreaker: false },
    factory: createClientFactory()
      .use(failoverMiddleware({ idempotent: () => true, backoff: { initialMs: 0 } }))
      .use(
        circuitBreakerMiddleware({
          circuitBreaker: {
            consecutiveFailures: 1,
            openMs: 1,
            maxOpenMs: 1,
            probes: 1,
            probeConcurrency: 1,
            probeLeaseMs: FOREVER,
          },
        }),
      )
      .use(deadlineMiddleware),
  });
  /** Everything that can come of a call. */
  const endings: readonly (() => Promise<unknown>)[] = [
    () => client.unary({}),
    () => client.unary(failing),
    () => client.unary(hanging, { deadline: 5 }),
    () => aborted((signal) => client.unary(hanging, { signal }), 3),
    () => aborted((signal) => client.unary({}, { signal }), 0),
    () => client.clientStream(requests(3)),
    () => client.clientStream(requests(3, failing)),
    () => client.clientStream(requests(20, failing)),
    () => client.clientStream(brokenRequests()),
    () => all(client.serverStream({})),
    () => all(client.serverStream(failingLate)),
    () => leave(client.serverStream({})),
    () => slowly(client.serverStream({})),
    () => aborted((signal) => all(client.serverStream(hanging, { signal })), 3),
    () => all(client.serverStream(hanging, { deadline: 5 })),
    () => all(client.bidi(requests(3))),
    () => all(client.bidi(requests(3, failingLate))),
    () => leave(client.bidi(requests(3))),
    () => slowly(client.bidi(requests(3))),
    () => aborted((signal) => all(client.bidi(requests(3, hanging), { signal })), 3),
    // Never read: nice-grpc's calls begin with the first read.
    async () => void client.serverStream({}),
  ];
  return { client, endings };
}

async function* brokenRequests(): AsyncGenerator<EchoRequest> {
  yield {};
  throw new TypeError('the application broke');
}

it('settles every permit, attempt and link of 10,000 mixed calls', {
  timeout: 60_000,
}, async () => {
  const { client, endings } = await flappingClient();
  const passed = endings.map(() => 0);
  const run = { made: 0, passed: 0 };
  const caller = async (): Promise<void> => {
    while (run.passed < CALLS) {
      const index = run.made++ % endings.length;
      const error = await endings[index]?.().catch((caught: unknown) => caught);
      if (isCircuitOpenError(error)) {
        await sleep(1);
      } else {
        run.passed++;
        passed[index] = (passed[index] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, caller));

  // Every ending was among them, many times.
  expect(Math.min(...passed)).toBeGreaterThan(100);
  expect(openAttemptLinks()).toBe(0);
  await waitFor(() => endpoints().every(({ inFlight }) => inFlight === 0));
  // All four methods still answer: no probe was lost.
  await waitFor(() => client.unary({}));
  await waitFor(() => client.clientStream(requests(1)));
  await waitFor(() => all(client.serverStream({})));
  await waitFor(() => all(client.bidi(requests(1))));
});
