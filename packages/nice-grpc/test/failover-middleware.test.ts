import { ATTEMPT_LINK_KEY, findAttemptLink, openAttemptLinks } from '@wrr/core';
import { CircuitOpenClientError, failoverMiddleware } from '@wrr/nice-grpc';
import { ClientError, Metadata, Status } from 'nice-grpc-common';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeTransport, fakeCall, hanging, responding, unary } from './fake-call.ts';

const path = '/test.Service/Method';
const quick = { initialMs: 0, maxMs: 0 };
const idempotent = { idempotencyLevel: 'IDEMPOTENT' } as const;

function error(code: Status, details = ''): ClientError {
  return new ClientError(path, code, details);
}

/** Fails with each of the errors in turn, then answers. */
function failing(...errors: unknown[]): FakeTransport & { attempts: number } {
  const transport = responding((_request, _options, attempt) => {
    transport.attempts = attempt;
    if (attempt <= errors.length) throw errors[attempt - 1];
    return `attempt ${attempt}`;
  }) as FakeTransport & { attempts: number };
  transport.attempts = 0;
  return transport;
}

/** Hangs at the first attempts, and notes what it is told of time and whether links say so. */
function hangingFirst(count: number) {
  const seen: { timedOut: boolean; timeout: string | undefined }[] = [];
  const transport: FakeTransport = async function* (request, options, attempt) {
    const link = findAttemptLink(options.metadata?.get(ATTEMPT_LINK_KEY) ?? '');
    const timeout = options.metadata?.get('grpc-timeout');
    if (attempt > count) return `attempt ${attempt}`;
    try {
      return yield* hanging(request, options, attempt);
    } finally {
      seen.push({ timedOut: link?.timedOut === true, timeout });
    }
  };
  return { transport, seen };
}

/** Sends a header and a trailer with each attempt, before it fails or answers. */
function signalling(failures: number): FakeTransport {
  return responding((_request, options, attempt) => {
    options.onHeader?.(Metadata({ number: String(attempt) }));
    options.onTrailer?.(Metadata({ number: String(attempt) }));
    if (attempt <= failures) throw error(Status.UNAVAILABLE);
    return 'done';
  });
}

/** Callbacks of a caller, and what they heard. */
function listening() {
  const heard: string[] = [];
  return {
    heard,
    onHeader: (header: Metadata) => void heard.push(`header ${header.get('number')}`),
    onTrailer: (trailer: Metadata) => void heard.push(`trailer ${trailer.get('number')}`),
  };
}

/** Reads a stream to its end. */
async function read(call: AsyncGenerator<string, unknown, undefined>): Promise<string[]> {
  const got: string[] = [];
  for (;;) {
    const { done, value } = await call.next();
    if (done === true) return got;
    got.push(value);
  }
}

/** A stream of requests, and whether it was ended. */
function messages(count: number) {
  const log = { ended: 0 };
  async function* source() {
    try {
      for (let number = 1; number <= count; number++) yield String(number);
    } finally {
      log.ended++;
    }
  }
  return { source: source(), log };
}

/** Reads so many messages, then fails; the last attempt reads them all. */
function reading(count: number, failures: number): FakeTransport {
  return responding(async (request, _options, attempt) => {
    const got: string[] = [];
    for await (const message of request as AsyncIterable<string>) {
      if (got.push(message) === count && attempt <= failures) {
        throw error(Status.UNAVAILABLE);
      }
    }
    return got.join(',');
  });
}

/** Sends a header with each attempt; the third answers. */
const headerThenFailing: FakeTransport = async function* (_request, options, attempt) {
  options.onHeader?.(Metadata());
  if (attempt < 3) throw error(Status.UNAVAILABLE);
  yield `attempt ${attempt}`;
};

const headerOnly: FakeTransport = async function* (_request, options) {
  options.onHeader?.(Metadata());
  yield* [];
};

const messageThenFailing: FakeTransport = async function* () {
  yield 'a';
  throw error(Status.UNAVAILABLE);
};

const messageThenHanging: FakeTransport = async function* (request, options, attempt) {
  options.onHeader?.(Metadata());
  yield 'a';
  yield* hanging(request, options, attempt);
};

function throwing(): never {
  throw new Error('listener');
}

afterEach(() => {
  expect(openAttemptLinks(), 'links left open').toBe(0);
});

describe('failover middleware', () => {
  it('makes an idempotent call again when its endpoint is unavailable', async () => {
    const middleware = failoverMiddleware({ backoff: quick });
    const transport = failing(error(Status.UNAVAILABLE), error(Status.UNAVAILABLE));
    expect(await unary(middleware, transport, {}, idempotent)).toBe('attempt 3');
  });

  it('links the attempts of a call, counts them, and links no two calls', async () => {
    const middleware = failoverMiddleware({ backoff: quick });
    const tried: (ReadonlySet<string> | undefined)[] = [];
    const counts: unknown[] = [];
    const transport = responding((_request, { metadata }, attempt) => {
      tried.push(findAttemptLink(metadata?.get(ATTEMPT_LINK_KEY) ?? '')?.tried);
      counts.push(metadata?.get('grpc-previous-rpc-attempts'));
      if (attempt === 1) throw error(Status.UNAVAILABLE);
      return 'done';
    });
    await unary(middleware, transport, {}, idempotent);
    await unary(middleware, transport, {}, idempotent);
    const [first, second, third, fourth] = tried;
    expect(first).toBeInstanceOf(Set);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(fourth).toBe(third);
    expect(counts).toEqual([undefined, '1', undefined, '1']);
  });

  it("leaves the caller's metadata as it was, and hands its entries on", async () => {
    const metadata = Metadata({ who: 'me', 'raw-bin': new Uint8Array([1]) });
    let seen: Metadata | undefined;
    const transport = responding((_request, options) => {
      seen = options.metadata;
      return '';
    });
    await unary(failoverMiddleware(), transport, { metadata });
    expect([...metadata].map(([key]) => key)).toEqual(['who', 'raw-bin']);
    expect(seen?.get('who')).toBe('me');
    expect(seen?.get('raw-bin')).toEqual(new Uint8Array([1]));
  });

  it('takes its own call options off before it hands them on', async () => {
    let seen = {};
    const transport = responding((_request, options) => {
      seen = options;
      return '';
    });
    await unary(failoverMiddleware(), transport, { idempotent: true, perAttemptTimeoutMs: 1_000 });
    expect(Object.keys(seen).toSorted()).toEqual(['metadata', 'onTrailer', 'signal']);
  });

  describe('does not make a call again', () => {
    it.each([
      ['that may not be sent twice', [error(Status.UNAVAILABLE)], {}],
      ['whose code is not in the list', [error(Status.INTERNAL)], idempotent],
      ['that the service itself cancelled', [error(Status.CANCELLED, 'mine')], idempotent],
      [
        'that a circuit breaker further in rejected',
        [new CircuitOpenClientError(path, 'open', 1)],
        idempotent,
      ],
      ['that threw something of the caller', [new TypeError('mine')], idempotent],
      [
        'that ran out of time where attempts have no timeout',
        [error(Status.DEADLINE_EXCEEDED)],
        idempotent,
      ],
    ])('%s', async (_what, errors, kind) => {
      const transport = failing(...errors);
      await expect(unary(failoverMiddleware(), transport, {}, kind)).rejects.toBe(errors[0]);
      expect(transport.attempts).toBe(1);
    });

    it('more often than it may, and ends with the last error', async () => {
      const errors = [1, 2, 3, 4].map((n) => error(Status.UNAVAILABLE, `attempt ${n}`));
      const transport = failing(...errors);
      const middleware = failoverMiddleware({ maxAttempts: 3, backoff: quick });
      await expect(unary(middleware, transport, {}, idempotent)).rejects.toBe(errors[2]);
    });

    it('when the budget is used up', async () => {
      const budget = { ratio: 0, reservePerSecond: 0.2 }; // two retries in ten seconds
      const middleware = failoverMiddleware({ maxAttempts: 5, backoff: quick, budget });
      const down = Array.from({ length: 5 }, () => error(Status.UNAVAILABLE));
      const [first, second] = [failing(...down), failing(...down)];
      await expect(unary(middleware, first, {}, idempotent)).rejects.toThrow();
      await expect(unary(middleware, second, {}, idempotent)).rejects.toThrow();
      expect([first.attempts, second.attempts]).toEqual([3, 1]);
    });

    it.each(['-1', 'soon', '1e3', ''])('when the server says so: pushback %j', async (said) => {
      const events: unknown[] = [];
      const middleware = failoverMiddleware({ onEvent: (event) => events.push(event) });
      const transport = responding((_request, options, attempt) => {
        if (attempt > 1) return 'again';
        options.onTrailer?.(Metadata({ 'grpc-retry-pushback-ms': said }));
        throw error(Status.UNAVAILABLE);
      });
      await expect(unary(middleware, transport, {}, idempotent)).rejects.toThrow('UNAVAILABLE');
      expect(events).toMatchObject([{ action: 'give-up', reason: 'pushback', attempt: 1, path }]);
    });

    it('when the policy refused to pick an endpoint', async () => {
      const transport = responding((_request, options, attempt) => {
        if (attempt > 1) return 'again';
        options.onTrailer?.(Metadata({ 'wrr-refused': 'all-open' }));
        throw error(Status.UNAVAILABLE);
      });
      const call = unary(failoverMiddleware(), transport, {}, idempotent);
      await expect(call).rejects.toThrow('UNAVAILABLE');
    });

    it.each([
      ['the server', { pushback: '-1', refused: false, picks: 1 }],
      ['the policy', { pushback: undefined, refused: true, picks: 0 }],
    ])(
      'when %s says so through the link: a picker that takes it saves the conversion of trailers',
      async (_who, said) => {
        const middleware = failoverMiddleware({ backoff: quick });
        const listened: boolean[] = [];
        const playing = (what: object, fails: boolean) =>
          responding((_request, options, attempt) => {
            const link = findAttemptLink(options.metadata?.get(ATTEMPT_LINK_KEY) ?? '');
            if (link !== undefined) Object.assign(link, what);
            listened.push(options.onTrailer !== undefined);
            if (fails && attempt === 1) throw error(Status.UNAVAILABLE);
            return 'answer';
          });
        await unary(middleware, playing({ picks: 1 }, false), {}, idempotent);
        const refused = unary(middleware, playing(said, true), {}, idempotent);
        await expect(refused).rejects.toThrow('UNAVAILABLE');
        await unary(middleware, playing({ picks: 0 }, false), {}, idempotent);
        await unary(middleware, playing({ picks: 0 }, false), {}, idempotent);
        expect(listened[0]).toBe(true);
        expect(listened[1]).toBe(false);
        expect(listened[3]).toBe(true); // another channel, whose policy knows no links
      },
    );

    it('when the wait would outlast the deadline', async () => {
      const transport = failing(error(Status.UNAVAILABLE));
      const middleware = failoverMiddleware({ backoff: { initialMs: 10_000, maxMs: 10_000 } });
      const metadata = Metadata({ 'grpc-timeout': '500m' });
      await expect(unary(middleware, transport, { metadata }, idempotent)).rejects.toThrow();
      expect(transport.attempts).toBe(1);
    });
  });

  it('makes it again when the server cancelled it at its shutdown', async () => {
    const transport = failing(error(Status.CANCELLED, 'Call cancelled'));
    expect(await unary(failoverMiddleware(), transport, {}, idempotent)).toBe('attempt 2');
  });

  it('waits as long as the server says', async () => {
    const events: unknown[] = [];
    const middleware = failoverMiddleware({ onEvent: (event) => events.push(event) });
    const transport = responding((_request, options, attempt) => {
      if (attempt > 1) return 'again';
      options.onTrailer?.(Metadata({ 'grpc-retry-pushback-ms': '3' }));
      throw error(Status.UNAVAILABLE);
    });
    expect(await unary(middleware, transport, {}, idempotent)).toBe('again');
    expect(events).toMatchObject([{ action: 'retry', attempt: 2, delayMs: 3, path }]);
  });

  it('lets a call say itself whether it may be sent twice', async () => {
    const middleware = failoverMiddleware({ backoff: quick });
    const down = error(Status.UNAVAILABLE);
    expect(await unary(middleware, failing(down), { idempotent: true })).toBe('attempt 2');
    const call = unary(middleware, failing(down), { idempotent: false }, idempotent);
    await expect(call).rejects.toBe(down);
  });

  it('lets the application say which methods may be sent twice', async () => {
    const middleware = failoverMiddleware({
      backoff: quick,
      idempotent: (method) => method.path.endsWith('/Get'),
    });
    const down = error(Status.UNAVAILABLE);
    expect(await unary(middleware, failing(down), {}, { path: '/s/Get' })).toBe('attempt 2');
    await expect(unary(middleware, failing(down), {}, { path: '/s/Put' })).rejects.toBe(down);
  });

  it('survives a listener that throws', async () => {
    const middleware = failoverMiddleware({ backoff: quick, onEvent: throwing });
    const transport = failing(error(Status.UNAVAILABLE));
    expect(await unary(middleware, transport, {}, idempotent)).toBe('attempt 2');
  });

  describe('times attempts out', () => {
    it('of an idempotent call, tells server and endpoint so, and makes it again', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 20, backoff: quick });
      const { transport, seen } = hangingFirst(2);
      expect(await unary(middleware, transport, {}, idempotent)).toBe('attempt 3');
      expect(seen).toEqual([
        { timedOut: true, timeout: '20m' },
        { timedOut: true, timeout: '20m' },
      ]);
    });

    it('and ends with DEADLINE_EXCEEDED when that was the last one', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 20, maxAttempts: 1 });
      const call = unary(middleware, hanging, {}, idempotent);
      await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      await expect(call).rejects.toBeInstanceOf(ClientError);
    });

    it('as a single call may ask', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 60_000, backoff: quick });
      const { transport } = hangingFirst(1);
      const options = { perAttemptTimeoutMs: 20 };
      expect(await unary(middleware, transport, options, idempotent)).toBe('attempt 2');
    });

    it('but not of a call that may not be sent twice', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 1 });
      let timeout: unknown;
      const transport = responding(async (_request, { metadata, signal }) => {
        timeout = metadata?.get('grpc-timeout');
        await new Promise((done) => setTimeout(done, 20));
        return `aborted: ${signal?.aborted}`;
      });
      expect(await unary(middleware, transport)).toBe('aborted: false');
      expect(timeout).toBeUndefined();
    });

    it('and tells the server the time that is left of the call, where that is less', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 50_000 });
      const told: unknown[] = [];
      const transport = responding((_request, options) => {
        told.push(options.metadata?.get('grpc-timeout'));
        return '';
      });
      const metadata = Metadata({ 'grpc-timeout': '20000m' });
      await unary(middleware, transport, { metadata }, idempotent);
      expect(told).toEqual([expect.stringMatching(/^(20000|1\d{4})m$/)]);
    });

    it.each([0, -1, Number.NaN])('and refuses %d as the time of a single call', async (ms) => {
      const call = unary(failoverMiddleware(), hanging, { perAttemptTimeoutMs: ms });
      await expect(call).rejects.toThrow(`perAttemptTimeoutMs must be > 0, got ${ms}`);
    });
  });

  describe('bounds a call by its deadline', () => {
    it('as a whole: all attempts together', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 10, maxAttempts: 1_000 });
      const began = performance.now();
      const call = unary(middleware, hanging, { deadline: 60 }, idempotent);
      await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      expect(performance.now() - began).toBeLessThan(5_000);
    });

    it('also one that may not be sent twice, and tells server and endpoint', async () => {
      const { transport, seen } = hangingFirst(1);
      const call = unary(failoverMiddleware(), transport, { deadline: 20 });
      await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      expect(seen).toEqual([{ timedOut: true, timeout: '20m' }]);
    });

    it('also a stream that has begun to answer', async () => {
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 10 });
      const kind = { ...idempotent, responseStream: true };
      const call = fakeCall(middleware, messageThenHanging, { deadline: 60 }, kind);
      expect((await call.next()).value).toBe('a');
      await expect(call.next()).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
    });

    it('and sends nothing when it has passed', async () => {
      const transport = failing();
      const call = unary(failoverMiddleware(), transport, { deadline: new Date(0) });
      await expect(call).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
      expect(transport.attempts).toBe(0);
    });
  });

  describe('tells the caller of the attempt that counts only', () => {
    it('which is the one that succeeded', async () => {
      const { heard, ...callbacks } = listening();
      const middleware = failoverMiddleware({ backoff: quick });
      await unary(middleware, signalling(2), callbacks, idempotent);
      expect(heard).toEqual(['header 3', 'trailer 3']);
    });

    it('or the last one', async () => {
      const { heard, ...callbacks } = listening();
      const middleware = failoverMiddleware({ backoff: quick, maxAttempts: 2 });
      await expect(unary(middleware, signalling(9), callbacks, idempotent)).rejects.toThrow();
      expect(heard).toEqual(['header 2', 'trailer 2']);
    });

    it('also when an abandoned attempt speaks up late', async () => {
      const { heard, ...callbacks } = listening();
      const middleware = failoverMiddleware({ backoff: quick, perAttemptTimeoutMs: 10 });
      let late: (() => void) | undefined;
      const transport: FakeTransport = async function* (request, options, attempt) {
        if (attempt > 1) return 'done';
        late = () => options.onTrailer?.(Metadata({ number: 'late' }));
        return yield* hanging(request, options, attempt);
      };
      await unary(middleware, transport, callbacks, idempotent);
      late?.();
      expect(heard).toEqual([]);
    });
  });

  describe('with a stream of responses', () => {
    const streaming = { ...idempotent, responseStream: true };

    it('fails over until the first message, also after a header', async () => {
      const middleware = failoverMiddleware({ backoff: quick });
      const call = fakeCall(middleware, headerThenFailing, {}, streaming);
      expect(await read(call)).toEqual(['attempt 3']);
    });

    it('never takes back a message', async () => {
      const call = fakeCall(failoverMiddleware(), messageThenFailing, {}, streaming);
      expect((await call.next()).value).toBe('a');
      await expect(call.next()).rejects.toThrow('UNAVAILABLE');
    });

    it('ends with a stream that has no messages', async () => {
      const headers: unknown[] = [];
      const options = { onHeader: (header: Metadata) => void headers.push(header) };
      const call = fakeCall(failoverMiddleware(), headerOnly, options, streaming);
      expect(await read(call)).toEqual([]);
      expect(headers).toHaveLength(1);
    });

    it('times the header only: a stream that has begun may take as long as the call', async () => {
      const timeouts: unknown[] = [];
      const transport: FakeTransport = async function* (request, options, attempt) {
        timeouts.push(options.metadata?.get('grpc-timeout'));
        if (attempt === 1) return yield* hanging(request, options, attempt);
        options.onHeader?.(Metadata());
        await new Promise((done) => setTimeout(done, 60));
        yield `aborted: ${options.signal?.aborted}`;
        return undefined;
      };
      const middleware = failoverMiddleware({ perAttemptTimeoutMs: 20, backoff: quick });
      const call = fakeCall(middleware, transport, {}, streaming);
      expect(await read(call)).toEqual(['aborted: false']);
      expect(timeouts).toEqual([undefined, undefined]);
    });

    it('hands the header of a conversation on at once, and stays with it then', async () => {
      const headers: unknown[] = [];
      const options = { onHeader: (header: Metadata) => void headers.push(header) };
      const kind = { ...streaming, requestStream: true, request: messages(1).source };
      const call = fakeCall(failoverMiddleware(), headerThenFailing, options, kind);
      await expect(call.next()).rejects.toThrow('UNAVAILABLE');
      expect(headers).toHaveLength(1);
    });

    it('lets go of everything when the consumer leaves', async () => {
      let ended = false;
      const transport: FakeTransport = async function* () {
        try {
          for (;;) yield 'a';
        } finally {
          ended = true;
        }
      };
      for await (const _ of fakeCall(failoverMiddleware(), transport, {}, streaming)) break;
      expect(ended).toBe(true);
    });
  });

  describe('with a stream of requests', () => {
    it('sends it again while it is short enough to be kept', async () => {
      const { source, log } = messages(5);
      const kind = { ...idempotent, requestStream: true, request: source };
      const middleware = failoverMiddleware({ backoff: quick, replayMessages: 3 });
      expect(await unary(middleware, reading(3, 2), {}, kind)).toBe('1,2,3,4,5');
      expect(log.ended).toBe(1);
    });

    it('stays with the attempt it is at when it is not', async () => {
      const { source, log } = messages(5);
      const kind = { ...idempotent, requestStream: true, request: source };
      const middleware = failoverMiddleware({ backoff: quick, replayMessages: 2 });
      await expect(unary(middleware, reading(3, 1), {}, kind)).rejects.toThrow('UNAVAILABLE');
      expect(log.ended).toBe(1);
    });
  });

  describe('is left by an abort at once', () => {
    it('during an attempt, with the reason', async () => {
      const controller = new AbortController();
      const transport = responding((request, options, attempt) => {
        queueMicrotask(() => controller.abort());
        return hanging(request, options, attempt).next() as never;
      });
      const call = unary(
        failoverMiddleware(),
        transport,
        { signal: controller.signal },
        idempotent,
      );
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('while it waits for the next attempt', async () => {
      const controller = new AbortController();
      const transport = failing(error(Status.UNAVAILABLE));
      const middleware = failoverMiddleware({
        backoff: { initialMs: 60_000, maxMs: 60_000 },
        onEvent: () => queueMicrotask(() => controller.abort(new Error('enough'))),
      });
      const call = unary(middleware, transport, { signal: controller.signal }, idempotent);
      await expect(call).rejects.toThrow('enough');
      expect(transport.attempts).toBe(1);
    });

    it('before it has begun', async () => {
      const signal = AbortSignal.abort(new Error('too late'));
      const call = unary(failoverMiddleware(), hanging, { signal }, idempotent);
      await expect(call).rejects.toThrow('too late');
    });

    it("and says 'timed out' to the endpoint only when the reason is a deadline", async () => {
      for (const [reason, expected] of [
        [error(Status.DEADLINE_EXCEEDED), true],
        [new Error('user'), false],
      ] as const) {
        const controller = new AbortController();
        let timedOut: boolean | undefined;
        const transport = responding((_request, { metadata, signal }) => {
          const link = findAttemptLink(metadata?.get(ATTEMPT_LINK_KEY) ?? '');
          return new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => {
              timedOut = link?.timedOut;
              reject(signal.reason);
            });
            queueMicrotask(() => controller.abort(reason));
          });
        });
        const call = unary(failoverMiddleware(), transport, { signal: controller.signal });
        await expect(call).rejects.toBe(reason);
        expect(timedOut).toBe(expected);
      }
    });
  });

  it.each([
    [{ maxAttempts: 0 }, 'maxAttempts must be'],
    [{ perAttemptTimeoutMs: -1 }, 'perAttemptTimeoutMs must be'],
    [{ backoff: { initialMs: -1 } }, 'backoff.initialMs must be'],
    [{ budget: { ratio: -1 } }, 'ratio must be'],
    [{ replayMessages: -1 }, 'replayMessages must be an integer >= 0, got -1'],
    [{ retries: 3 }, 'unknown option retries'],
  ])('refuses %j', (options, message) => {
    expect(() => failoverMiddleware(options as object)).toThrow(message);
  });
});
