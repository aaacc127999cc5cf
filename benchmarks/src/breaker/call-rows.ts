import { createAdaptiveThrottle, createCircuitBreaker } from '@wrr/core';
import { compileLoop } from '../compile-loop.ts';
import { costRow, effort, interleave, type Loop, mapValues, type Samples } from '../interleave.ts';
import { median } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { AegisThrottle } from './aegis-throttle.ts';
import { type CreateGuard, PEERS, STAYS_CLOSED, trip, type Work, wrrGuard } from './contenders.ts';
import { type AsyncLoop, compileAsyncLoop, interleaveAsync } from './interleave-async.ts';

const suite = 'breaker';
const unit = 'ns/call';
const ACQUIRE_SETTLE =
  "(s.now += 0.01, s.breaker.settle(s.breaker.acquire(s.now), s.now, 'success'), 1)";
const PERMIT = "(s.now += 0.01, s.breaker.tryAcquire(s.now).settle(s.now, 'success'), 1)";

const OWN = 'acquire and settle';
const OBJECT = 'permit';
const BARE = 'bare';
const NOT_PEERS: ReadonlySet<string> = new Set(['ours', BARE, OWN, OBJECT]);

/** What a call costs: let through, refused, failing. */
export async function callRows(context: Context): Promise<Row[]> {
  const { progress, quick } = context;
  progress('closed');
  const closed = await guards(succeeding, false, quick, {
    [OWN]: closedLoop(ACQUIRE_SETTLE),
    [OBJECT]: closedLoop(PERMIT),
  });
  progress('open');
  const open = await guards(succeeding, true, quick, {
    [OWN]: openLoop('(s.now += 1e-6, s.breaker.acquire(s.now))'),
    [OBJECT]: openLoop('(s.now += 1e-6, s.breaker.tryAcquire(s.now).granted)'),
  });
  progress('failing');
  const failing = await guards(createFailing, false, quick, {});
  progress('throttle');
  const work = rowOf("closed: the guard's own work (peers: less the bare call)", closed, OWN);
  const refusal = rowOf('open: a refusal (peers: a rejected promise)', open, OWN);
  return [
    withGoals(lessBare(work, closed), { ours: 60, opossum: 20, cockatiel: 5 }),
    lessBare(rowOf('closed: the same with a permit object', closed, OBJECT), closed),
    rowOf('closed: a whole call, reading the clock twice', closed, 'ours'),
    withGoals(refusal, { opossum: 50, cockatiel: 50 }),
    rowOf('open: a refusal as an object with retryAfterMs', open, OBJECT),
    rowOf('open: a whole call, rejected with an Error', open, 'ours'),
    rowOf('closed, 15 of 16 calls failing: a whole call', failing, 'ours'),
    costRow({ suite, unit, case: 'throttle: admit and settle' }, throttles(quick)),
  ];
}

/** A row of one of our contenders beside the whole calls of the peers. */
function rowOf(name: string, samples: Samples, own: string): Row {
  const peers = Object.entries(samples).filter(([peer]) => !NOT_PEERS.has(peer));
  const ours = samplesOf(samples, own);
  return costRow({ suite, unit, case: name }, { ours, ...Object.fromEntries(peers) });
}

/** Takes the bare call off the peers, round by round: what remains is what the guard costs. */
function lessBare({ ours, ...rest }: Row, samples: Samples): Row {
  const bare = samplesOf(samples, BARE);
  const peers = Object.fromEntries(
    Object.keys(rest.peers).map((peer) => {
      const values = samplesOf(samples, peer);
      return [peer, median(values.map((value, round) => value - (bare[round] ?? 0)))] as const;
    }),
  );
  return { ...rest, ours, peers, ratio: mapValues(peers, (peer) => peer / ours) };
}

function samplesOf(samples: Samples, name: string): readonly number[] {
  return samples[name] ?? [];
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

/**
 * Times whole calls through ours, all peers, and without a guard (`bare`), and ours without the
 * promises around it, in turns of the same rounds.
 */
async function guards(
  create: () => Work,
  open: boolean,
  quick: boolean,
  alone: Readonly<Record<string, Loop>>,
): Promise<Samples> {
  const made = [wrrGuard, ...PEERS].map((guard: CreateGuard) => guard(create(), open));
  const loops = made.map((guard) => [guard.name, compileAsyncLoop(guard)] as const);
  const bare = compileAsyncLoop({ call: create() });
  const whole = { ...Object.fromEntries(loops), [BARE]: bare };
  const samples = await interleaveAsync({ ...whole, ...mapValues(alone, inTurn) }, effort(quick));
  for (const guard of made) guard.close();
  return samples;
}

function inTurn(loop: Loop): AsyncLoop {
  return async (times) => {
    loop(times);
  };
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
