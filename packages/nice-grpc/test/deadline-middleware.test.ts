import { ATTEMPT_LINK_KEY, findAttemptLink, openAttemptLinks } from '@wrr/core';
import { circuitBreakerMiddleware, deadlineMiddleware, failoverMiddleware } from '@wrr/nice-grpc';
import { ClientError, composeClientMiddleware, Metadata, Status } from 'nice-grpc-common';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeCall, hanging, responding, unary } from './fake-call.ts';

afterEach(() => {
  expect(openAttemptLinks(), 'links left open').toBe(0);
});

/** Answers with the time that the server is told. */
const telling = responding((_request, { metadata }) => metadata?.get('grpc-timeout') ?? 'none');

describe('deadline middleware', () => {
  it('ends a call with DEADLINE_EXCEEDED when its time is over', async () => {
    const call = unary(deadlineMiddleware, hanging, { deadline: 20 });
    await expect(call).rejects.toBeInstanceOf(ClientError);
    await expect(call).rejects.toMatchObject({
      path: '/test.Service/Method',
      code: Status.DEADLINE_EXCEEDED,
    });
  });

  it.each([
    ['milliseconds', () => 5_000],
    ['a point in time', () => new Date(Date.now() + 5_000)],
  ])('tells the server, given %s', async (_what, deadline) => {
    const told = await unary(deadlineMiddleware, telling, { deadline: deadline() });
    expect(told).toMatch(/^(5000|4\d{3})m$/);
  });

  it("obeys a deadline in the call's metadata, too: the earlier of both", async () => {
    const metadata = Metadata({ 'grpc-timeout': '20m' });
    await expect(unary(deadlineMiddleware, hanging, { metadata })).rejects.toThrow('20 ms');
    const call = unary(deadlineMiddleware, hanging, { metadata, deadline: 60_000 });
    await expect(call).rejects.toThrow('20 ms');
  });

  it('changes nothing for a call without one', async () => {
    let seen = {};
    const transport = responding((_request, options) => {
      seen = options;
      return '';
    });
    await unary(deadlineMiddleware, transport);
    expect(seen).toEqual({});
  });

  it('sets no timer for a deadline beyond the reach of timers', async () => {
    const told = await unary(deadlineMiddleware, telling, { deadline: 1e11 });
    expect(told).toBe('99999999S');
  });

  it.each([0, -5, new Date(0)])(
    'sends nothing when the deadline has passed: %s',
    async (deadline) => {
      let sent = false;
      const transport = responding(() => {
        sent = true;
        return '';
      });
      const call = unary(deadlineMiddleware, transport, { deadline });
      await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      expect(sent).toBe(false);
    },
  );

  it.each([Number.NaN, new Date(Number.NaN)])('refuses %s', async (deadline) => {
    const call = unary(deadlineMiddleware, hanging, { deadline });
    await expect(call).rejects.toThrow('deadline must be a time, got');
  });

  it("says 'timed out' to the endpoint, and nothing when the caller aborts", async () => {
    const outcomes: unknown[] = [];
    let started: (() => void) | undefined;
    const transport = responding(async (request, options, attempt) => {
      const link = findAttemptLink(options.metadata?.get(ATTEMPT_LINK_KEY) ?? '');
      options.signal?.addEventListener('abort', () => outcomes.push(link?.timedOut));
      started?.();
      await hanging(request, options, attempt).next();
      return '';
    });
    await unary(deadlineMiddleware, transport, { deadline: 10 }).catch(() => {});
    const controller = new AbortController();
    started = () => controller.abort();
    const options = { deadline: 60_000, signal: controller.signal };
    const call = unary(deadlineMiddleware, transport, options);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(outcomes).toEqual([true, false]);
  });

  it('bounds a stream as a whole', async () => {
    const call = fakeCall(
      deadlineMiddleware,
      async function* (request, options, attempt) {
        yield 'a';
        yield* hanging(request, options, attempt);
      },
      { deadline: 20 },
      { responseStream: true },
    );
    expect((await call.next()).value).toBe('a');
    await expect(call.next()).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
  });

  it('outside: the breaker inside counts a failure, the failover makes no attempt more', async () => {
    let attempts = 0;
    const states: string[] = [];
    const middleware = composeClientMiddleware(
      composeClientMiddleware(
        failoverMiddleware({ idempotent: () => true, perAttemptTimeoutMs: 60_000 }),
        circuitBreakerMiddleware({
          circuitBreaker: { consecutiveFailures: 1 },
          onEvent: ({ to }) => states.push(to),
        }),
      ),
      deadlineMiddleware,
    );
    const transport = responding(async (request, options, attempt) => {
      attempts = attempt;
      await hanging(request, options, attempt).next();
      return '';
    });
    const call = unary(middleware, transport, { deadline: 20 });
    await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
    expect(attempts).toBe(1);
    expect(states).toEqual(['open']);
  });
});
