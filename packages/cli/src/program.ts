import { Command } from 'commander';
import { checkCommand } from './commands/config-check.ts';
import { printCommand } from './commands/config-print.ts';
import { schemaCommand } from './commands/config-schema.ts';

/**
 * The whole command line. One file per command in `commands/`; data goes to stdout, notes and errors
 * to stderr. Every option can also be set by its environment variable, `WRR_…`.
 */
export function createProgram(): Command {
  const config = new Command('config')
    .description('check and explain settings files')
    .addCommand(checkCommand())
    .addCommand(printCommand())
    .addCommand(schemaCommand());
  return withExitOverride(
    new Command('wrr')
      .description('load balancing, circuit breaking and failover for gRPC')
      .addCommand(config)
      .addHelpText('after', '\nExit codes: 0 ok, 1 failed, 2 usage or invalid settings.'),
  );
}

/** Makes commander throw instead of exiting, all the way down, so that one place decides the code. */
function withExitOverride(command: Command): Command {
  for (const inner of command.commands) withExitOverride(inner);
  return command.exitOverride().showHelpAfterError();
}
