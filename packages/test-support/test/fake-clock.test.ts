import { createFakeClock } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';

describe('createFakeClock', () => {
  it('runs timers in order of their time, then of their setting', () => {
    const clock = createFakeClock(100);
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`late at ${clock.now()}`), 20);
    clock.setTimeout(() => ran.push(`first at ${clock.now()}`), 10);
    clock.setTimeout(() => ran.push(`second at ${clock.now()}`), 10);
    clock.advance(15);
    expect(ran).toEqual(['first at 110', 'second at 110']);
    expect(clock.now()).toBe(115);
    expect(clock.nextTimerMs).toBe(5);
    clock.advance(5);
    expect(ran.at(-1)).toBe('late at 120');
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs timers that timers set, if they fall due on the way', () => {
    const clock = createFakeClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.setTimeout(tick, 10);
    };
    clock.setTimeout(tick, 10);
    clock.advance(100);
    expect(ticks).toBe(10);
  });

  it('does not run a cancelled timer', () => {
    const clock = createFakeClock();
    clock.setTimeout(() => expect.unreachable(), 10).cancel();
    clock.advance(20);
  });

  it('lets an async loop run through its sleeps', async () => {
    const clock = createFakeClock();
    const at: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        at.push(clock.now());
      }
    })();
    await clock.advanceAsync(100);
    await loop;
    expect(at).toEqual([10, 20, 30]);
  });

  it('rejects a sleep whose signal is aborted, and keeps no timer', async () => {
    const clock = createFakeClock();
    const abort = new AbortController();
    const slept = clock.sleep(10, abort.signal);
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});
