import { exitCodeOf } from './exit-code.ts';
import { createProgram } from './program.ts';

/** Runs the command line of this process; what goes wrong is in `process.exitCode` at the end. */
export async function main(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}
