import { setTimeout as sleep } from 'node:timers/promises';
import { PatientTimer, type Timers } from '@wrr/core';
import { describe, expect, it } from 'vitest';

const timers: Timers<NodeJS.Timeout> = {
  now: () => performance.now(),
  set: setTimeout,
  clear: clearTimeout,
};

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function waitFor(ms: number): {
  readonly timer: PatientTimer<NodeJS.Timeout>;
  readonly done: Promise<number>;
} {
  const start = performance.now();
  let timer: PatientTimer<NodeJS.Timeout> | undefined;
  const done = new Promise<number>((resolve) => {
    timer = new PatientTimer(timers, ms, () => resolve(performance.now() - start));
  });
  if (timer === undefined) throw new Error('a promise runs its function at once');
  return { timer, done };
}

describe('a patient timer', () => {
  it('waits for its time', async () => {
    expect(await waitFor(20).done).toBeGreaterThanOrEqual(19);
  });

  it('waits as long again as the process was blocked beyond its time', async () => {
    const { done } = waitFor(200);
    block(300);
    expect(await done).toBeGreaterThanOrEqual(390);
  });

  it('waits its whole time again at most', async () => {
    const { done } = waitFor(50);
    block(400);
    // It was 350 ms late.
    expect(await Promise.race([done, sleep(300, 'late')])).not.toBe('late');
  });

  it.each([
    ['before its time', 0],
    ['after a block, before its time is really over', 60],
  ])('can be cancelled %s', async (_, blockedMs) => {
    const { timer, done } = waitFor(40);
    block(blockedMs);
    if (blockedMs > 0) await new Promise(setImmediate);
    timer.cancel();
    expect(await Promise.race([done, sleep(150, 'nothing')])).toBe('nothing');
  });
});
