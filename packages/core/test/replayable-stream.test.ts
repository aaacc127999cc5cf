import { createReplayableStream } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

/** A source that hands out a message when told to, and notes what is done to it. */
function manualSource() {
  const waiting: ((result: IteratorResult<number>) => void)[] = [];
  const log = { pulled: 0, returned: 0 };
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        log.pulled++;
        return new Promise((resolve) => waiting.push(resolve));
      },
      return: async () => {
        log.returned++;
        return { done: true, value: undefined };
      },
    }),
  };
  const send = (value: number) => waiting.shift()?.({ done: false, value });
  const end = () => waiting.shift()?.({ done: true, value: undefined });
  return { source, log, send, end };
}

async function* range(count: number) {
  for (let number = 0; number < count; number++) yield number;
}

async function* broken() {
  yield 1;
  throw new Error('broken');
}

async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const message of stream) if (taken.push(message) === count) break;
  return taken;
}

describe('replayable stream', () => {
  it('gives every reader the whole stream while it is within the limit, and says when it is not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(20),
        fc.nat(20),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
        async (length, limit, breaks) => {
          const stream = createReplayableStream(range(length), limit);
          const whole = Array.from({ length }, (_, number) => number);
          for (const count of breaks) {
            if (!stream.replayable) break;
            expect(await take(stream, count)).toEqual(whole.slice(0, count));
          }
          const replayable = stream.replayable;
          const rest = await take(stream, Number.POSITIVE_INFINITY);
          if (replayable) expect(rest).toEqual(whole);
          if (length <= limit) expect(stream.replayable).toBe(true);
          if (length > Math.max(1, limit)) expect(stream.replayable).toBe(false);
        },
      ),
    ));

  it('loses no message to the reader of an abandoned attempt', async () => {
    const { source, log, send, end } = manualSource();
    const stream = createReplayableStream(source, 8);
    const abandoned = stream[Symbol.asyncIterator]();
    const first = abandoned.next();
    const successor = take(stream, Number.POSITIVE_INFINITY);
    send(1);
    expect(await first).toEqual({ done: false, value: 1 });
    await abandoned.return?.();
    await vi.waitFor(() => expect(log.pulled).toBe(2));
    send(2);
    await vi.waitFor(() => expect(log.pulled).toBe(3));
    end();
    expect(await successor).toEqual([1, 2]);
  });

  it('pulls nothing before it is read, and nothing ahead', async () => {
    const { source, log, send } = manualSource();
    const stream = createReplayableStream(source, 8);
    expect(log.pulled).toBe(0);
    const reader = stream[Symbol.asyncIterator]();
    const first = reader.next();
    send(1);
    await first;
    expect(log.pulled).toBe(1);
  });

  it('keeps one message at most beyond its limit', async () => {
    const stream = createReplayableStream(range(1_000), 0);
    expect(await take(stream, 500)).toHaveLength(500);
    expect(stream.replayable).toBe(false);
  });

  it("passes on the source's error, to every reader that waits", async () => {
    const stream = createReplayableStream(broken(), 8);
    await expect(take(stream, 2)).rejects.toThrow('broken');
  });

  it('ends its source, also one that waits for ever', () => {
    const { source, log } = manualSource();
    const stream = createReplayableStream(source, 8);
    void stream[Symbol.asyncIterator]().next();
    stream.close();
    expect(log.returned).toBe(1);
  });
});
