import { readFileSync } from 'node:fs';
import type { Machine } from '../machine.ts';
import type { Row } from '../suite.ts';

/** A run of the suite, as `--json` writes it. */
export interface Run {
  readonly machine: Machine;
  readonly quick: boolean;
  /** How long each suite took. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

/** What documents quote: two runs of all suites on the same machine, one after the other. */
export interface Runs {
  readonly first: Run;
  readonly second: Run;
  /** The largest fleets, which take minutes and are exact: one run. */
  readonly large: Run;
}

/** Reads a run's JSON. */
export function readRun(file: string): Run {
  const run: Run = JSON.parse(readFileSync(file, 'utf8'));
  return run;
}

/** Finds a row of the first run in the second. */
export function again({ second }: Runs, { suite, case: name }: Row): Row | undefined {
  return second.rows.find((row) => row.suite === suite && row.case === name);
}
