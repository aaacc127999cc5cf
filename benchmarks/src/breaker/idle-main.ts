import { setTimeout as sleep } from 'node:timers/promises';
import { createCircuitBreaker } from '@wrr/core';
import { circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import Opossum from 'opossum';

/**
 * A process with 2,000 breakers of one kind: says what they take, and what they cost while nothing
 * happens. Usage: `idle-main.js KIND MILLISECONDS`.
 */
const COUNT = 2_000;
const CALLS = 100;
const [, , kind, ms] = process.argv;

const ok = (): Promise<number> => Promise.resolve(1);
const sampling = { threshold: 0.5, duration: 10_000 };

const create: Record<string, () => { call(): Promise<unknown> | undefined }> = {
  ours() {
    const breaker = createCircuitBreaker(OPTIONS);
    const call = (): undefined => {
      const now = performance.now();
      breaker.settle(breaker.acquire(now), now, 'success');
    };
    return { call };
  },
  opossum() {
    const breaker = new Opossum(ok);
    return { call: () => breaker.fire() };
  },
  cockatiel() {
    const policy = circuitBreaker(handleAll, {
      halfOpenAfter: 1_000,
      breaker: new SamplingBreaker(sampling),
    });
    return { call: () => policy.execute(ok) };
  },
};
const OPTIONS = {};

const make = create[kind ?? ''];
if (make === undefined) throw new Error(`unknown kind of breaker: ${kind}`);

await use(make()); // Compiles what is compiled once, so that it is not counted.
const before = heap();
const breakers: { call(): Promise<unknown> | undefined }[] = [];
for (let i = 0; i < COUNT; i++) breakers.push(make());
for (const breaker of breakers) await use(breaker);
const bytes = (heap() - before) / COUNT;

const cpuBefore = process.cpuUsage();
const start = performance.now();
await sleep(Number(ms));
const { user, system } = process.cpuUsage(cpuBefore);
const cpuPercent = (user + system) / 10 / (performance.now() - start);
process.stdout.write(JSON.stringify({ bytes, cpuPercent, breakers: breakers.length }));

async function use(breaker: { call(): Promise<unknown> | undefined }): Promise<void> {
  for (let i = 0; i < CALLS; i++) await breaker.call();
}

function heap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
