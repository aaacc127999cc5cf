import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Suite } from '../suite.ts';
import { fillIn } from './fill-in.ts';
import { picturesOf } from './pictures.ts';
import { type Run, type Runs, readRun } from './runs.ts';

/** The documents that quote figures. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'dispatch.md',
  'fleet.md',
  'protection.md',
];

const HOME = fileURLToPath(new URL('../..', import.meta.url));
const RESULTS = join(HOME, 'results');
const FILES = {
  first: join(RESULTS, 'first.json'),
  second: join(RESULTS, 'second.json'),
  large: join(RESULTS, 'large.json'),
};

/** What documents are to be, by the name of the file in the benchmarks' folder. */
export function documentsOf(runs: Runs, suites: readonly Suite[]): ReadonlyMap<string, string> {
  const texts = DOCUMENTS.map((name) => {
    return [name, fillIn(readFileSync(join(HOME, name), 'utf8'), runs)] as const;
  });
  const pictures = texts.flatMap(([, text]) =>
    [...picturesOf(text, runs.first, suites)].map(
      ([name, svg]) => [join('results', name), svg] as const,
    ),
  );
  return new Map([...texts, ...pictures]);
}

/** The runs whose figures the documents quote. */
export function quotedRuns(): Runs {
  return {
    first: readRun(FILES.first),
    second: readRun(FILES.second),
    large: readRun(FILES.large),
  };
}

/**
 * Makes two runs the ones that the documents quote, and writes their figures and pictures anew. The run
 * of the largest fleets stays as it is, unless there is a new one.
 *
 * @throws {TypeError} if a run was a quick one, or if they are not of the same machine.
 */
export function writeDocuments(
  first: string,
  second: string,
  large: string | undefined,
  suites: readonly Suite[],
): void {
  const runs = {
    first: rounded(readRun(first)),
    second: rounded(readRun(second)),
    large: rounded(readRun(large ?? FILES.large)),
  };
  for (const [file, run] of [
    [first, runs.first],
    [second, runs.second],
    [large ?? FILES.large, runs.large],
  ] as const) {
    if (run.quick) throw new TypeError(`${file} is a quick run: its figures are not for quoting`);
  }
  const [a, b] = [runs.first.machine, runs.second.machine].map(
    ({ cpu, node }) => `${cpu}, ${node}`,
  );
  if (a !== b) throw new TypeError(`the runs are of two machines: ${a} and ${b}`);
  const files = documentsOf(runs, suites);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(FILES.first, json(runs.first));
  writeFileSync(FILES.second, json(runs.second));
  writeFileSync(FILES.large, json(runs.large));
  for (const [name, text] of files) writeFileSync(join(HOME, name), text);
}

/** Six digits are more than anybody quotes, and the files stay readable. */
function rounded(run: Run): Run {
  const text = JSON.stringify(run, (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  );
  return JSON.parse(text);
}

/** A row a line, so that a change can be read. */
function json({ rows, ...run }: Run): string {
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
  return `${JSON.stringify(run).slice(0, -1)},"rows":[\n${lines}\n]}\n`;
}
