import type { Balancer, Endpoint, PickOptions, PickResult } from '@wrr/core';

/** A clock that only moves when it is told to. */
export function fakeTime(): { now(): number; advance(ms: number): void } {
  let time = 0;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}

type Picked = Extract<PickResult<Endpoint>, { kind: 'picked' }>;

export function pickOne(balancer: Balancer<Endpoint>, options?: PickOptions): Picked {
  const pick = balancer.pick(options);
  if (pick.kind === 'none') throw new Error(`nothing picked: ${pick.reason}`);
  return pick;
}

/** The keys of the next picks, in one string. Nothing is started. */
export function keysOf(balancer: Balancer<Endpoint>, picks: number): string {
  return Array.from({ length: picks }, () => pickOne(balancer).endpoint.key).join('');
}

/** Lets calls succeed. */
export function succeed(balancer: Balancer<Endpoint>, calls: number): void {
  for (let i = 0; i < calls; i++) {
    const { attempt } = pickOne(balancer);
    attempt.start();
    attempt.end('success', { latencyMs: 0 });
  }
}

/** Lets `failures` attempts at one endpoint fail, and as few as possible at the others. */
export function fail(balancer: Balancer<Endpoint>, key: string, failures: number): void {
  const others = new Set(
    balancer
      .endpoints()
      .map((endpoint) => endpoint.key)
      .filter((other) => other !== key),
  );
  for (let i = 0; i < failures; i++) {
    const { attempt } = pickOne(balancer, { tried: others });
    attempt.start();
    attempt.end('failure', { latencyMs: 0 });
  }
}
