import { isConfigError } from '@wrr/config';
import { CommanderError } from 'commander';

/** What the exit code tells a script. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Says on stderr what went wrong, unless commander has already, and returns the exit code for it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return isConfigError(error) ? EXIT.usage : EXIT.failed;
}
