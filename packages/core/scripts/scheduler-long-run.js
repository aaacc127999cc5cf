// A hundred million picks of the built scheduler, checked. Takes a few minutes.
//
//   npx -y pnpm@12.21.0 exec tsc -b packages/core && node packages/core/scripts/scheduler-long-run.js [picks] [seed]
//
// After every stretch of picks between two changes, the credit of every endpoint must have moved by
// exactly picks · weight − total · (times picked), and must be within the bounds of the theory. At the
// start of every stretch nginx's loop begins from the same credits and runs beside it for a while.
import { LIMITS } from '../dist/rotation-limits.js';
import { createScheduler } from '../dist/smooth-weighted-round-robin.js';

const PICKS = Number(process.argv[2] ?? 100_000_000);
const SEED = Number(process.argv[3] ?? 1);
const STRETCH = 200_000;

let state = SEED >>> 0;
/** A whole number from 0 to below `n`. */
function random(n) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
}

const families = {
  'all different up to 1,000,000': () => 1 + random(1_000_000),
  'near-equal': (i) => 900_000 + i,
  'a hundred weights': () => 1 + random(100),
  'three weights': () => 1 + 2 * random(3),
  'one heavy': (i) => (i === 0 ? 1_000_000 : 1 + random(50)),
};
const sizes = [3, 12, 40, 300, 3_000, 10_000];
const cases = Object.keys(families).flatMap((family) => sizes.map((n) => ({ family, n })));

function fail(what, found, expected) {
  throw new Error(`${what}: found ${found}, expected ${expected}`);
}

function naive(credits, weights, active, total) {
  let best = -1;
  for (let i = 0; i < weights.length; i++) {
    if (!active[i]) continue;
    credits[i] += weights[i];
    if (best < 0 || credits[i] > credits[best]) best = i;
  }
  credits[best] -= total;
  return best;
}

let picks = 0;
let compared = 0;
let changes = 0;

function run({ family, n }, share) {
  // A short horizon too, so that lines are moved back to their origin many times.
  const scheduler = createScheduler(
    {},
    { ...LIMITS, horizon: n === 300 ? 1_000_003 : LIMITS.horizon },
  );
  const weights = Array.from({ length: n }, (_, i) => families[family](i));
  const active = weights.map(() => true);
  for (const [i, weight] of weights.entries()) scheduler.set(i, weight);

  for (let left = share; left > 0; left -= STRETCH) {
    if (scheduler.next() === undefined) fail('a pick', 'none', 'one'); // makes the changes good
    const before = weights.map((_, i) => scheduler.credit(i));
    const total = scheduler.totalWeight;
    const credits = [...before];
    const beside = Math.min(STRETCH, Math.ceil(2_000_000 / n));
    const counts = new Float64Array(n);
    for (let pick = 0; pick < STRETCH; pick++) {
      const key = scheduler.next();
      counts[key] += 1;
      if (pick < beside) {
        const expected = naive(credits, weights, active, total);
        if (key !== expected) fail(`${family}, n = ${n}, pick ${pick}`, key, expected);
      }
    }
    picks += STRETCH;
    compared += beside;
    for (let i = 0; i < n; i++) {
      const moved = active[i] ? STRETCH * weights[i] - total * counts[i] : 0;
      const credit = scheduler.credit(i);
      if (credit !== before[i] + moved) fail(`credit of ${i}`, credit, before[i] + moved);
      if (!active[i] && counts[i] > 0) fail(`picks of ${i}, which is down`, counts[i], 0);
      if (Math.abs(credit) > 40 * total) fail(`credit of ${i}`, credit, `within 40 · ${total}`);
    }
    for (let change = random(6); change > 0; change--) {
      const i = random(n);
      if (random(2) === 0) {
        weights[i] = Math.min(1_000_000, families[family](i) + random(3));
        scheduler.set(i, weights[i]);
      } else if (active.filter(Boolean).length > 2 || !active[i]) {
        active[i] = !active[i];
        scheduler.setAvailable(i, active[i]);
      }
      changes += 1;
    }
  }
}

const start = performance.now();
const share = Math.ceil(PICKS / cases.length);
for (const one of cases) {
  run(one, share);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  process.stderr.write(`${seconds} s: ${picks} picks, now after ${one.family}, n = ${one.n}\n`);
}
process.stdout.write(
  `${picks} picks, ${changes} changes, ${compared} picks beside nginx's loop, 0 differences, seed ${SEED}, Node ${process.version}\n`,
);
