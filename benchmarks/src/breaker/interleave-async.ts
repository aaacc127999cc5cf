import { compileFunction } from 'node:vm';
import type { Effort, Samples } from '../interleave.ts';
import { median, seededRandom, shuffled } from '../statistics.ts';

/** Calls `call` so many times, one after the other, whatever becomes of it. */
export type AsyncLoop = (times: number) => Promise<void>;

/** A loop of its own for each contender: none sees the classes of another at its call site. */
export function compileAsyncLoop(subject: { call(): Promise<unknown> }): AsyncLoop {
  const source = `return async (times) => {
    for (let i = 0; i < times; i++) try { await s.call(); } catch {}
  }`;
  const loop: unknown = compileFunction(source, ['s'])(subject);
  if (!isAsyncLoop(loop)) throw new TypeError('the compiled loop is not a function');
  return loop;
}

function isAsyncLoop(value: unknown): value is AsyncLoop {
  return typeof value === 'function';
}

/** Like `interleave`, for what answers with promises. Nanoseconds per call, one value a round. */
export async function interleaveAsync(
  contenders: Readonly<Record<string, AsyncLoop>>,
  { rounds, turnMs, warmUpMs }: Effort,
): Promise<Samples> {
  const random = seededRandom(20_261_122);
  const turns: { name: string; loop: AsyncLoop; times: number; samples: number[] }[] = [];
  for (const [name, loop] of Object.entries(contenders)) {
    turns.push({ name, loop, times: await calibrate(loop, turnMs, warmUpMs), samples: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { loop, times, samples } of shuffled(turns, random)) {
      samples.push(((await time(loop, times)) / times) * 1e6);
    }
  }
  return Object.fromEntries(turns.map(({ name, samples }) => [name, samples]));
}

async function calibrate(loop: AsyncLoop, turnMs: number, warmUpMs: number): Promise<number> {
  let times = 16;
  while ((await time(loop, times)) < turnMs && times < 2 ** 24) times *= 2;
  const elapsed: number[] = [];
  const end = performance.now() + warmUpMs;
  do elapsed.push(await time(loop, times));
  while (performance.now() < end);
  return Math.max(1, Math.round((times * turnMs) / median(elapsed)));
}

async function time(loop: AsyncLoop, times: number): Promise<number> {
  const start = performance.now();
  await loop(times);
  return performance.now() - start;
}
