import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createBalancer, type FailoverEvent, runWithFailover } from '@wrr/core';
import { describe, expect, it } from 'vitest';

/** Answers each message after 50 ms, from a thread that goes on when this one is blocked. */
const ECHO = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (number) => setTimeout(() => parentPort.postMessage(number), 50));`;

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a process that was blocked for longer than an attempt may take', () => {
  it('blames no endpoint and sends nothing again: the answers are there', async () => {
    const worker = new Worker(ECHO, { eval: true });
    const balancer = createBalancer({ clock: performance, random: () => 0.5 });
    balancer.update(['a', 'b', 'c'].map((key) => ({ key, weight: 1 })));
    const events: FailoverEvent[] = [];
    const waiting = new Map<number, (key: string) => void>();
    worker.on('message', (number: number) => waiting.get(number)?.('answer'));
    let sent = 0;
    const call = async (): Promise<string> => {
      const number = ++sent;
      const answer = new Promise<string>((resolve) => void waiting.set(number, resolve));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(number);
      return answer;
    };
    const options = {
      clock: performance,
      sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
      retryable: () => true,
      perAttemptTimeoutMs: 200,
      onEvent: (event: FailoverEvent) => void events.push(event),
    };
    await runWithFailover(balancer, call, options); // the thread has started
    await new Promise(setImmediate); // timers come next, and only then what has arrived
    const calls = Array.from({ length: 20 }, () => runWithFailover(balancer, call, options));
    block(500);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['answer']));
    await worker.terminate();
    expect([sent, events]).toEqual([21, []]);
    expect(balancer.endpoints().filter(({ failures }) => failures > 0)).toEqual([]);
  });
});
