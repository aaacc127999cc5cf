import { isCircuitOpenError } from '@wrr/core';
import {
  type CircuitBreakerMiddlewareOptions,
  CircuitOpenClientError,
  circuitBreakerMiddleware,
} from '@wrr/nice-grpc';
import { createFakeClock } from '@wrr/test-support';
import { ClientError, Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import {
  type FakeTransport,
  failingWith,
  fakeCall,
  hanging,
  responding,
  unary,
} from './fake-call.ts';

const path = '/test.Service/Method';

const answers = responding(() => 'response');
const unavailable = failingWith(new ClientError(path, Status.UNAVAILABLE, 'down'));

/** A breaker that opens at the first failure, and what it is seen to do. */
function setUp(options: CircuitBreakerMiddlewareOptions = {}) {
  const clock = createFakeClock();
  const states: string[] = [];
  const middleware = circuitBreakerMiddleware({
    circuitBreaker: { consecutiveFailures: 1, openMs: 100, probes: 1, jitter: 0 },
    clock,
    random: () => 0.5,
    onEvent: ({ to }) => states.push(to),
    ...options,
  });
  const isOpen = async () => {
    try {
      await unary(middleware, answers);
      return false;
    } catch (error) {
      if (isCircuitOpenError(error)) return true;
      throw error;
    }
  };
  return { clock, states, middleware, isOpen };
}

/** Opens the circuit, then makes a streaming call its probe. */
async function probing(transport: FakeTransport, signal?: AbortSignal) {
  const { clock, middleware, states } = setUp({
    circuitBreaker: { consecutiveFailures: 1, openMs: 100, probes: 1, probeLeaseMs: 1_000 },
  });
  await unary(middleware, unavailable).catch(() => {});
  clock.advance(100);
  const options = signal === undefined ? {} : { signal };
  const stream = fakeCall(middleware, transport, options, { responseStream: true });
  return { stream, middleware, states };
}

async function* three(): AsyncGenerator<string, void, undefined> {
  yield 'a';
  yield 'b';
  yield 'c';
}

describe('circuit-breaker middleware', () => {
  it('rejects at once with a ClientError that says the circuit is open, and sends nothing', async () => {
    const { middleware } = setUp();
    await expect(unary(middleware, unavailable)).rejects.toThrow('down');
    let sent = 0;
    const counting = responding(() => `${++sent}`);
    const error: unknown = await unary(middleware, counting).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toBeInstanceOf(CircuitOpenClientError);
    expect(isCircuitOpenError(error)).toBe(true);
    expect(error).toMatchObject({
      code: Status.UNAVAILABLE,
      path,
      reason: 'open',
      retryAfterMs: 100,
      details: 'not sent: circuit is open (open), retry in 100 ms',
    });
    expect(sent).toBe(0);
  });

  it('lets a probe through after the open time, and closes when it succeeds', async () => {
    const { clock, middleware, isOpen, states } = setUp();
    await unary(middleware, unavailable).catch(() => {});
    clock.advance(100);
    expect(await isOpen()).toBe(false);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('judges each method by itself', async () => {
    const { middleware, isOpen } = setUp();
    await unary(middleware, unavailable, {}, { path: '/test.Service/Other' }).catch(() => {});
    expect(await isOpen()).toBe(false);
  });

  it("throttles with aegis's numbers unless told otherwise", async () => {
    const middleware = circuitBreakerMiddleware({ random: () => 0 });
    const results: unknown[] = [];
    for (let call = 0; call < 101; call++) {
      results.push(await unary(middleware, unavailable).catch((error: unknown) => error));
    }
    expect(results.filter(isCircuitOpenError)).toHaveLength(1);
    expect(results[100]).toMatchObject({ reason: 'throttled', retryAfterMs: 0 });
  });

  it('lets a call pass that asks not to be guarded, and does not count it', async () => {
    const { middleware, isOpen } = setUp();
    const seen: unknown[] = [];
    const notes = responding((_request, options) => {
      seen.push(options);
      return 'response';
    });
    await unary(middleware, unavailable, { circuitBreaker: false }).catch(() => {});
    expect(await isOpen()).toBe(false);
    await unary(middleware, unavailable).catch(() => {});
    expect(await unary(middleware, notes, { circuitBreaker: false })).toBe('response');
    expect(seen).toEqual([{}]);
  });

  describe('takes for a failure', () => {
    it.each([
      Status.UNKNOWN,
      Status.INTERNAL,
      Status.DATA_LOSS,
      Status.UNAVAILABLE,
      Status.DEADLINE_EXCEEDED,
    ])('status %d', async (code) => {
      const { middleware, isOpen } = setUp();
      await unary(middleware, failingWith(new ClientError(path, code, ''))).catch(() => {});
      expect(await isOpen()).toBe(true);
    });

    it('a call that the server cancelled when it shut down', async () => {
      const { middleware, isOpen } = setUp();
      const error = new ClientError(path, Status.CANCELLED, 'Call cancelled');
      await unary(middleware, failingWith(error)).catch(() => {});
      expect(await isOpen()).toBe(true);
    });

    it('an abort whose reason is a deadline further out', async () => {
      const { middleware, isOpen } = setUp();
      const controller = new AbortController();
      const call = unary(middleware, hanging, { signal: controller.signal }).catch(() => {});
      controller.abort(new ClientError(path, Status.DEADLINE_EXCEEDED, 'Deadline exceeded'));
      await call;
      expect(await isOpen()).toBe(true);
    });

    it('what the option says, and nothing else', async () => {
      const { middleware, isOpen } = setUp({ failureCodes: [Status.RESOURCE_EXHAUSTED] });
      await unary(middleware, unavailable).catch(() => {});
      expect(await isOpen()).toBe(false);
      const error = new ClientError(path, Status.RESOURCE_EXHAUSTED, '');
      await unary(middleware, failingWith(error)).catch(() => {});
      expect(await isOpen()).toBe(true);
    });
  });

  describe('does not take for a failure', () => {
    it.each([
      ['an answer such as NOT_FOUND', new ClientError(path, Status.NOT_FOUND, '')],
      ['a cancellation that the service reports', new ClientError(path, Status.CANCELLED, 'mine')],
      ['a circuit open further in', new CircuitOpenClientError(path, 'open', 1)],
      ['an error of the caller', new TypeError('in the request stream')],
      ['an abort by the caller', new DOMException('This operation was aborted', 'AbortError')],
    ])('%s', async (_what, error) => {
      const { middleware, isOpen } = setUp();
      await expect(unary(middleware, failingWith(error))).rejects.toBe(error);
      expect(await isOpen()).toBe(false);
    });
  });

  describe('settles a probe once, and gives it back, when', () => {
    it('the consumer breaks out of the stream', async () => {
      const { stream, middleware, states } = await probing(three);
      for await (const message of stream) {
        expect(message).toBe('a');
        break;
      }
      // The probe said nothing: the next call is the probe now, and closes the circuit.
      expect(await unary(middleware, answers)).toBe('response');
      expect(states).toEqual(['open', 'half-open', 'closed']);
    });

    it('the consumer throws into the stream', async () => {
      const { stream, middleware } = await probing(three);
      await stream.next();
      await expect(stream.throw(new Error('consumer'))).rejects.toThrow('consumer');
      expect(await unary(middleware, answers)).toBe('response');
    });

    it('the caller aborts', async () => {
      const controller = new AbortController();
      const { stream, middleware } = await probing(hanging, controller.signal);
      const next = stream.next();
      controller.abort();
      await expect(next).rejects.toThrow('aborted');
      expect(await unary(middleware, answers)).toBe('response');
    });

    it('the stream fails after its first message', async () => {
      const { stream, states } = await probing(async function* () {
        yield 'a';
        throw new ClientError(path, Status.INTERNAL, 'broken');
      });
      await stream.next();
      await expect(stream.next()).rejects.toThrow('broken');
      expect(states).toEqual(['open', 'half-open', 'open']);
    });

    it('the stream ends', async () => {
      const { stream, states } = await probing(three);
      while ((await stream.next()).done !== true);
      expect(states).toEqual(['open', 'half-open', 'closed']);
    });

    it('the stream was never read: it never took one', async () => {
      const { stream, middleware } = await probing(three);
      await stream.return(undefined);
      expect(await unary(middleware, answers)).toBe('response');
    });
  });

  it('blames the server for a late header, not for a slow consumer', async () => {
    const slow = { circuitBreaker: { slowCallRate: 1, slowCallMs: 50, minimumCalls: 1 } };
    const { clock, middleware, isOpen } = setUp(slow);
    const streams = (headerMs: number): FakeTransport =>
      async function* (_request, options) {
        clock.advance(headerMs);
        options.onHeader?.(Metadata());
        yield 'a';
        clock.advance(10_000);
        yield 'b';
      };
    const read = async (transport: FakeTransport) => {
      const stream = fakeCall(middleware, transport, {}, { responseStream: true });
      while ((await stream.next()).done !== true);
    };
    await read(streams(10));
    expect(await isOpen()).toBe(false);
    clock.advance(20_000); // what was counted leaves the window
    await read(streams(51));
    expect(await isOpen()).toBe(true);
  });

  it('bounds a probe by the time that its call has', async () => {
    const { clock, middleware } = setUp();
    await unary(middleware, unavailable).catch(() => {});
    clock.advance(100);
    const metadata = Metadata({ 'grpc-timeout': '20m' });
    void fakeCall(middleware, hanging, { metadata }).next();
    clock.advance(19);
    await expect(unary(middleware, answers)).rejects.toMatchObject({ reason: 'half-open-busy' });
    clock.advance(1);
    await expect(unary(middleware, answers)).rejects.toMatchObject({ reason: 'open' });
  });

  it.each([
    [{ throttle: {}, circuitBreaker: {} }, 'exclude each other'],
    [{ circuitBreaker: { probes: 0 } }, 'probes must be'],
    [{ throttle: { k: 0 } }, 'k must be'],
    [{ breaker: {} }, 'unknown option breaker'],
  ])('refuses %j', (options, message) => {
    expect(() => circuitBreakerMiddleware(options as object)).toThrow(message);
  });
});
