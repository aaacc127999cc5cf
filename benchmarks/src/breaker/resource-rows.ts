import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Context, Row } from '../suite.ts';
import { KINDS } from './idle.ts';

/** What many breakers cost while nothing happens: memory, the processor, the process's end. */
export function resourceRows({ progress, quick }: Context): Row[] {
  const results = Object.entries(KINDS).map(([kind, name]) => {
    progress(`2,000 idle breakers: ${name}`);
    return { name, ...measure(kind, quick ? 1_000 : 5_000) };
  });
  const nothing = results.find(({ name }) => name === KINDS.nothing);
  const others = results.filter((result) => result !== nothing);
  const allowed = (nothing?.cpuPercent ?? 0) + 0.1;
  return [
    row('bytes a breaker, after 100 calls each', 'B', others, 'bytes', '<= 700 B', 700),
    row('2,000 idle breakers: share of a core', '%', results, 'cpuPercent', 'none', allowed),
  ];
}

interface Idle {
  readonly name: string;
  readonly bytes: number;
  readonly cpuPercent: number;
}

/** In a process of its own, so that nobody else's garbage or timers are counted. */
function measure(kind: string, ms: number): Omit<Idle, 'name'> {
  const script = fileURLToPath(new URL('./idle-main.js', import.meta.url));
  const out = execFileSync(process.execPath, ['--expose-gc', script, kind, String(ms)], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const result: unknown = JSON.parse(out);
  if (typeof result !== 'object' || result === null) throw new TypeError(`no result: ${out}`);
  const { bytes, cpuPercent } = { bytes: Number.NaN, cpuPercent: Number.NaN, ...result };
  return { bytes, cpuPercent };
}

function row(
  name: string,
  unit: string,
  results: readonly Idle[],
  field: 'bytes' | 'cpuPercent',
  text: string,
  limit: number,
): Row {
  const [own, ...others] = results;
  const ours = own?.[field] ?? Number.NaN;
  const peers = Object.fromEntries(others.map((other) => [other.name, other[field]]));
  const ratios = Object.entries(peers).map(([peer, value]) => [peer, value / ours] as const);
  return {
    suite: 'breaker',
    case: name,
    unit,
    ours,
    peers,
    // Next to nothing over next to nothing says nothing.
    ratio: unit === '%' ? {} : Object.fromEntries(ratios),
    rounds: 1,
    goal: { text, met: ours <= limit },
  };
}
