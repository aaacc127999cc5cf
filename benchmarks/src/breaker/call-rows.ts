import { createAdaptiveThrottle, createCircuitBreaker } from '@wrr/core';
import { compileLoop } from '../compile-loop.ts';
import { costRow, effort, interleave, mapValues, type Samples } from '../interleave.ts';
import type { Context, Row } from '../suite.ts';
import { AegisThrottle } from './aegis-throttle.ts';
import { type CreateGuard, PEERS, STAYS_CLOSED, trip, type Work, wrrGuard } from './contenders.ts';
import { compileAsyncLoop, interleaveAsync } from './interleave-async.ts';

const suite = 'breaker';
const unit = 'ns/call';
const ACQUIRE_SETTLE =
  "(s.now += 0.01, s.breaker.settle(s.breaker.acquire(s.now), s.now, 'success'), 1)";
const PERMIT = "(s.now += 0.01, s.breaker.tryAcquire(s.now).settle(s.now, 'success'), 1)";

/** What a call costs: let through, refused, failing. */
export async function callRows(context: Context): Promise<Row[]> {
  const { progress, quick } = context;
  progress('closed');
  const closed = await guards(succeeding, false, quick);
  const own = interleave({ ours: closedLoop(ACQUIRE_SETTLE) }, effort(quick));
  const permit = interleave({ ours: closedLoop(PERMIT) }, effort(quick));
  progress('open');
  const open = await guards(succeeding, true, quick);
  const refusal = interleave(
    { ours: openLoop('(s.now += 1e-6, s.breaker.acquire(s.now))') },
    effort(quick),
  );
  const refused = interleave(
    { ours: openLoop('(s.now += 1e-6, s.breaker.tryAcquire(s.now).granted)') },
    effort(quick),
  );
  progress('failing');
  const failing = await guards(createFailing, false, quick);
  progress('throttle');
  return [
    withGoals(
      costRow(
        { suite, unit, case: "closed: the guard's own work (peers: less the bare call)" },
        { ...own, ...withoutBare(closed) },
      ),
      { ours: 60, opossum: 20, cockatiel: 5 },
    ),
    costRow(
      { suite, unit, case: 'closed: the same with a permit object' },
      { ...permit, ...withoutBare(closed) },
    ),
    costRow({ suite, unit, case: 'closed: a whole call, reading the clock twice' }, closed),
    withGoals(
      costRow(
        { suite, unit, case: 'open: a refusal (peers: a rejected promise)' },
        { ...refusal, ...peersOf(open) },
      ),
      { opossum: 50, cockatiel: 50 },
    ),
    costRow(
      { suite, unit, case: 'open: a refusal as an object with retryAfterMs' },
      { ...refused, ...peersOf(open) },
    ),
    costRow({ suite, unit, case: 'open: a whole call, rejected with an Error' }, open),
    costRow({ suite, unit, case: 'closed, 15 of 16 calls failing: a whole call' }, failing),
    costRow({ suite, unit, case: 'throttle: admit and settle' }, throttles(quick)),
  ];
}

function succeeding(): Work {
  return () => Promise.resolve(1);
}

/** Fails 15 of 16 times, with the same error: making errors is not what is measured. */
function createFailing(): Work {
  const error = new Error('failed');
  let calls = 0;
  return () => (calls++ % 16 === 0 ? Promise.resolve(1) : Promise.reject(error));
}

/** Times whole calls through ours, all peers, and without a guard (`bare`), in turns. */
async function guards(create: () => Work, open: boolean, quick: boolean): Promise<Samples> {
  const made = [wrrGuard, ...PEERS].map((guard: CreateGuard) => guard(create(), open));
  const loops = made.map((guard) => [guard.name, compileAsyncLoop(guard)] as const);
  const bare = compileAsyncLoop({ call: create() });
  const samples = await interleaveAsync({ ...Object.fromEntries(loops), bare }, effort(quick));
  for (const guard of made) guard.close();
  return samples;
}

/** What each peer costs beyond the bare call, round by round. */
function withoutBare(samples: Samples): Samples {
  const { bare = [] } = samples;
  return mapValues(peersOf(samples), (values) =>
    values.map((value, round) => value - (bare[round] ?? 0)),
  );
}

function peersOf(samples: Samples): Record<string, readonly number[]> {
  const others = Object.entries(samples).filter(([name]) => name !== 'ours' && name !== 'bare');
  return Object.fromEntries(others);
}

function closedLoop(body: string) {
  return compileLoop({ now: 0, breaker: createCircuitBreaker(STAYS_CLOSED) }, body);
}

function openLoop(body: string) {
  const breaker = createCircuitBreaker({ openMs: 3_600_000, maxOpenMs: 3_600_000 });
  trip(breaker);
  return compileLoop({ now: 1, breaker }, body);
}

function throttles(quick: boolean): Samples {
  const ours = createAdaptiveThrottle({ random: Math.random });
  const body = "(s.now += 0.01, s.it.admit(s.now) && (s.it.settle(s.now, 'success'), 1))";
  const contenders = {
    ours: compileLoop({ now: 0, it: ours }, body),
    'aegis, written after its Go': compileLoop(
      { now: 0, it: new AegisThrottle(Math.random) },
      body,
    ),
  };
  return interleave(contenders, effort(quick));
}

/** Judges ours in absolute terms, and against each family of peers by its nearest member. */
function withGoals(row: Row, goals: Readonly<Record<string, number>>): Row {
  const judged = Object.entries(goals).map(([name, goal]) => {
    if (name === 'ours') return { text: `<= ${goal} ns`, met: row.ours <= goal };
    const ratios = Object.entries(row.ratio).filter(([peer]) => peer.startsWith(name));
    return { text: `>= ${goal}× ${name}`, met: ratios.every(([, ratio]) => ratio >= goal) };
  });
  const text = judged.map((goal) => goal.text).join(', ');
  return { ...row, goal: { text, met: judged.every(({ met }) => met) } };
}
