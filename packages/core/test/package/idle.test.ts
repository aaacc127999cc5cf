import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = `
import { createBalancer, createCircuitBreaker, createAdaptiveThrottle, createRetryBudget } from '@wrr/core';
const kept = [];
for (let i = 0; i < 2_000; i++) {
  const breaker = createCircuitBreaker({ consecutiveFailures: 1, openMs: 10 });
  breaker.settle(breaker.acquire(0), 0, 'failure');
  breaker.acquire(20); // a probe that never settles
  kept.push(breaker);
}
const balancer = createBalancer({ clock: performance, warmUp: { windowMs: 60_000 } });
balancer.update([{ key: 'a', weight: 1 }]);
balancer.update([{ key: 'a', weight: 1 }, { key: 'b', weight: 1 }]);
balancer.pick();
kept.push(balancer, createAdaptiveThrottle({ random: Math.random }), createRetryBudget());
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate');
process.stdout.write(JSON.stringify({ kept: kept.length, timers }));
`;

it('I36: a process that holds thousands of breakers in any state ends by itself', async () => {
  const argv = ['--input-type=module', '--eval', SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    cwd: import.meta.dirname,
    timeout: 30_000,
  });
  expect(JSON.parse(stdout)).toEqual({ kept: 2_003, timers: [] });
}, 40_000);
