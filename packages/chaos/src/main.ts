// The soak's command: see docs/chaos.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { figuresOf } from './figures.ts';
import { plot } from './plot.ts';
import { run } from './run.ts';
import { createSchedule } from './schedule.ts';
import { textReport } from './text-report.ts';

const USAGE = 'chaos [--minutes N] [--seed S] [--rate CALLS_PER_SECOND] [--out FOLDER]';

/** Reads a positive number from the command line. */
function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`--${name} must be a number > 0, got ${text}; usage: ${USAGE}`);
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
    rate: { type: 'string', default: '150' },
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
const schedule = createSchedule({ seed, minutes, servers, clients: clients.length });
console.log(`chaos: seed ${seed}; repeat with --seed ${seed} --minutes ${minutes}`);
const records = await run({ schedule, servers, clients, rate }, (line) => console.log(line));
const verdict = check(records);
const figures = figuresOf(records);
console.log(`\n${textReport(figures, verdict, records.startedAt)}`);

await mkdir(values.out, { recursive: true });
const page = join(values.out, `chaos-${seed}.html`);
await writeFile(page, plot(records, figures, verdict));
await writeFile(
  join(values.out, `chaos-${seed}.json`),
  `${JSON.stringify({ figures, ...verdict }, undefined, 2)}\n`,
);
console.log(`timeline: ${page}; again: --seed ${seed} --minutes ${minutes}`);
process.exit(verdict.broken.length === 0 ? 0 : 1);
