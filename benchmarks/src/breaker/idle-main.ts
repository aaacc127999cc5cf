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
const [, , kind = 'none', ms] = process.argv;

const ok = (): Promise<number> => Promise.resolve(1);

switch (kind) {
  case 'ours':
    await report(createCircuitBreaker, (breaker) => {
      const now = performance.now();
      breaker.settle(breaker.acquire(now), now, 'success');
    });
    break;
  case 'opossum':
    await report(
      () => new Opossum(ok),
      (breaker) => breaker.fire(),
    );
    break;
  case 'cockatiel':
    await report(
      () => {
        const breaker = new SamplingBreaker({ threshold: 0.5, duration: 10_000 });
        return circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker });
      },
      (policy) => policy.execute(ok),
    );
    break;
  case 'nothing':
    await report(
      () => undefined,
      () => undefined,
    );
    break;
  default:
    throw new Error(`unknown kind of breaker: ${kind}`);
}

/** Makes the breakers, makes calls with each, and lets them lie. */
async function report<T>(create: () => T, call: (breaker: T) => unknown): Promise<void> {
  // Compiles what is compiled once, so that it is not counted.
  for (let i = 0; i < COUNT; i++) await call(create());
  const breakers: T[] = [];
  const before = heap();
  for (let i = 0; i < COUNT; i++) breakers.push(create());
  for (const breaker of breakers) for (let i = 0; i < CALLS; i++) await call(breaker);
  const bytes = (heap() - before) / COUNT;

  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await sleep(Number(ms));
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuPercent = (user + system) / 10 / (performance.now() - start);
  process.stdout.write(JSON.stringify({ bytes, cpuPercent, breakers: breakers.length }));
}

function heap(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
