// The soak's command: see docs/chaos.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { figuresOf } from './figures.ts';
import { plot } from './plot.ts';
import { run } from './run.ts';
import { createSchedule, type FaultKind, faultKinds, type PaceName } from './schedule.ts';
import { textReport } from './text-report.ts';
import { timeline } from './timeline.ts';

const USAGE =
  'chaos [--minutes N] [--seed S] [--rate CALLS_PER_SECOND] [--faults KIND,KIND] [--pace short|long] [--out FOLDER]';

/** No verdict is neither success nor failure: what sysexits.h calls EX_TEMPFAIL, try again later. */
const exitCodes = { kept: 0, broken: 1, none: 75 } as const;

/** Reads a positive number from the command line. */
function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`--${name} must be a number > 0, got ${text}; usage: ${USAGE}`);
}

/** Reads the kinds of faults from the command line; undefined for all. */
function kindsOf(text: string | undefined): FaultKind[] | undefined {
  return text?.split(',').map((name) => {
    const kind = faultKinds.find((each) => each === name);
    if (kind !== undefined) return kind;
    throw new RangeError(`--faults must be some of ${faultKinds.join(', ')}; got ${name}`);
  });
}

/** Reads the pace from the command line; undefined for the one that goes with the length. */
function paceOf(text: string | undefined): PaceName | undefined {
  if (text === undefined || text === 'short' || text === 'long') return text;
  throw new RangeError(`--pace must be short or long, got ${text}; usage: ${USAGE}`);
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
    rate: { type: 'string', default: '150' },
    faults: { type: 'string' },
    pace: { type: 'string' },
    out: { type: 'string', default: 'reports' },
  },
});
const [minutes, seed, rate] = [
  numberOf('minutes', values.minutes),
  numberOf('seed', values.seed),
  numberOf('rate', values.rate),
];

const servers = 6;
const clients = ['grpc-js', 'nice-grpc'] as const;
const [kinds, pace] = [kindsOf(values.faults), paceOf(values.pace)];
const schedule = createSchedule({
  seed,
  minutes,
  servers,
  clients: clients.length,
  ...(kinds && { kinds }),
  ...(pace && { pace }),
});
const again = [
  `--seed ${seed} --minutes ${minutes}`,
  ...(kinds ? [`--faults ${kinds.join()}`] : []),
  ...(pace ? [`--pace ${pace}`] : []),
].join(' ');
console.log(`chaos: seed ${seed}; repeat with ${again}`);
const records = await run({ schedule, servers, clients, rate }, (line) => console.log(line));
const verdict = check(records);
const figures = figuresOf(records);
const words = textReport(figures, verdict, records.startedAt);
console.log(`\n${words}`);

await mkdir(values.out, { recursive: true });
const file = join(values.out, `chaos-${seed}`);
const picture = timeline(records, verdict);
await writeFile(`${file}.html`, plot(seed, picture, words));
await writeFile(`${file}.svg`, picture);
await writeFile(`${file}.json`, `${JSON.stringify({ figures, ...verdict }, undefined, 2)}\n`);
console.log(`timeline: ${file}.html; again: ${again}`);
process.exit(exitCodes[verdict.kind]);
