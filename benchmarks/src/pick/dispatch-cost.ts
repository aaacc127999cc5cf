import {
  type Attempt,
  type AttemptDetails,
  type Balancer,
  createBalancer,
  type Dispatch,
  type Endpoint,
} from '@wrr/core';
import { adaptiveDispatch } from '@wrr/core/adaptive';
import { compileLoop } from '../compile-loop.ts';
import { costRow, effort, interleave, type Loop } from '../interleave.ts';
import { seededRandom } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { endpointName } from './peers/peer.ts';
import { distinct, equal, tiers3, type WeightSet } from './weights.ts';

/** What the timed loop works on: a balancer that has one call in flight for each endpoint. */
class Traffic {
  readonly #balancer: Balancer<Endpoint>;
  readonly #inFlight: Attempt[] = [];
  readonly #details: AttemptDetails = { latencyMs: 5 };
  #next = 0;
  #now = 0;

  constructor(weights: readonly number[], dispatch: 'static' | Dispatch) {
    this.#balancer = createBalancer({
      clock: { now: () => this.#now },
      random: seededRandom(1),
      circuitBreaker: false,
      dispatch,
    });
    this.#balancer.update(weights.map((weight, i) => ({ key: endpointName(i), weight })));
    for (let i = 0; i < weights.length; i++) this.#inFlight.push(this.#send());
    for (let i = 0; i < 4 * weights.length; i++) this.step();
  }

  /** The oldest call ends, another one is picked and sent. A call in 50 µs: ticks come as they do in use. */
  step(): boolean {
    this.#now += 0.05;
    this.#inFlight[this.#next]?.end('success', this.#details);
    this.#inFlight[this.#next] = this.#send();
    this.#next = this.#next + 1 === this.#inFlight.length ? 0 : this.#next + 1;
    return true;
  }

  #send(): Attempt {
    const pick = this.#balancer.pick();
    if (pick.kind === 'none') throw new Error(`nothing was picked: ${pick.reason}`);
    pick.attempt.start();
    return pick.attempt;
  }
}

const SETS: readonly WeightSet[] = [equal, tiers3, distinct];
/** Promised at these sizes, in ns. */
const LIMITS: Readonly<Record<number, number>> = { 5: 150, 100: 400 };

/** Times a call's way through a balancer: pick, send and done, with either dispatch. */
export function dispatchCost({ quick, progress }: Context): readonly Row[] {
  return SETS.flatMap((set) => {
    const rows = (quick ? [5, 100, 1_000] : [5, 20, 100, 1_000, 10_000]).map((n) => {
      progress(`pick, send and done, ${set.name}, n = ${n}`);
      return timed(set, n, quick);
    });
    return [...rows, ...growth(set, rows)];
  });
}

function timed(set: WeightSet, n: number, quick: boolean): Row {
  const weights = set.create(n);
  const row = {
    suite: 'pick',
    case: `pick, send and done, ${set.name}, n = ${n}`,
    unit: 'ns/call',
    at: { n, weights: set.name, part: 'dispatch' },
  };
  const loop = (dispatch: 'static' | Dispatch): Loop =>
    compileLoop(new Traffic(weights, dispatch), 's.step()');
  const contenders = { ours: loop(adaptiveDispatch()), 'wrr static': loop('static') };
  const measured = costRow(row, interleave(contenders, effort(quick)));
  const limit = LIMITS[n];
  if (limit === undefined) return measured;
  return { ...measured, goal: { text: `at most ${limit} ns`, met: measured.ours <= limit } };
}

/** How much more a call costs at the largest size than among 100 endpoints, beside how many more they are. */
function growth(set: WeightSet, rows: readonly Row[]): readonly Row[] {
  const few = rows.find(({ at }) => at?.['n'] === 100);
  const most = rows.at(-1);
  if (few === undefined || most === undefined || few === most) return [];
  const times = Number(most.at?.['n']) / 100;
  const ours = most.ours / few.ours;
  return [
    {
      suite: 'pick',
      case: `growth of pick, send and done from n = 100 to ${100 * times}, ${set.name}`,
      unit: 'times',
      ours,
      peers: {},
      ratio: {},
      rounds: few.rounds,
      goal: { text: `below ${times}`, met: ours < times },
    },
  ];
}
