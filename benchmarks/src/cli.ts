import { writeFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { agreement, describeAgreement } from './agreement.ts';
import { readRun } from './document/runs.ts';
import { writeDocuments } from './document/write-documents.ts';
import { html } from './html.ts';
import { workDone } from './interleave.ts';
import { describeMachine } from './machine.ts';
import type { Row, Suite } from './suite.ts';
import { header, table } from './table.ts';

/** Where the command line writes to. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs the command line. Resolves with the exit code: 0, or 2 for a wrong argument.
 *
 * @param argv arguments after the script's name.
 * @param packages whose versions the header shows.
 */
export async function main(
  argv: readonly string[],
  suites: readonly Suite[],
  packages: readonly string[],
  output: Output,
): Promise<number> {
  const program = new Command('bench')
    .description('Measures wrr beside its peers. Compare figures of one run only.')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err });
  const add = (name: string, description: string, chosen: readonly Suite[]) => {
    const command = program.command(name).description(description).exitOverride();
    command.option('--quick', 'a smoke run: fewer rounds and sizes, figures not for quoting');
    command.option('--json <file>', 'write the rows to this file');
    command.option('--html <file>', 'write a report with plots to this file');
    for (const option of chosen.flatMap((suite) => suite.options ?? [])) {
      const made = new Option(option.flags, option.description);
      command.addOption(option.choices ? made.choices(option.choices) : made);
    }
    command.action((options: Readonly<Record<string, unknown>>) =>
      run(chosen, packages, options, output),
    );
  };
  for (const suite of suites) add(suite.name, suite.title, [suite]);
  add('all', 'every suite, one after the other', suites);
  program
    .command('compare <first> <second>')
    .description('says how well the JSON files of two runs agree')
    .exitOverride()
    .action((first: string, second: string) => {
      output.out(`${describeAgreement(agreement(readRun(first).rows, readRun(second).rows))}\n`);
    });
  program
    .command('document <first> <second> [large]')
    .description(
      "writes the figures of two full runs, and of the largest fleets', into the documents",
    )
    .exitOverride()
    .action((first: string, second: string, large: string | undefined) =>
      writeDocuments(first, second, large, suites),
    );

  try {
    await program.parseAsync(withSuite(argv), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** Without a suite, all of them. */
function withSuite(argv: readonly string[]): readonly string[] {
  const [first] = argv;
  if (first === '--help' || first === '-h') return argv;
  return first === undefined || first.startsWith('-') ? ['all', ...argv] : argv;
}

async function run(
  chosen: readonly Suite[],
  packages: readonly string[],
  options: Readonly<Record<string, unknown>>,
  output: Output,
): Promise<void> {
  const quick = options['quick'] === true;
  const machine = describeMachine(packages);
  output.out(`${header(machine)}\n`);
  const results: { suite: Suite; rows: readonly Row[] }[] = [];
  const durations: Record<string, number> = {};
  for (const suite of chosen) {
    const start = performance.now();
    const progress = (what: string) => {
      const seconds = Math.round((performance.now() - start) / 1000);
      output.err(`[${suite.name} ${seconds} s] ${what}\n`);
    };
    const rows = await suite.run({ quick, options, progress });
    output.out(`\n${suite.title}${quick ? ' (quick: not for quoting)' : ''}\n${table(rows)}\n`);
    results.push({ suite, rows });
    durations[suite.name] = Math.round((performance.now() - start) / 100) / 10;
    progress('done');
  }
  const { json, html: report } = options;
  if (typeof json === 'string') {
    const rows = results.flatMap((result) => result.rows);
    writeFileSync(
      json,
      `${JSON.stringify({ machine, quick, seconds: durations, rows }, null, 1)}\n`,
    );
    output.err(`wrote ${json}\n`);
  }
  if (typeof report === 'string') {
    writeFileSync(report, html(machine, results));
    output.err(`wrote ${report}\n`);
  }
  output.err(`done (${workDone()})\n`);
}
