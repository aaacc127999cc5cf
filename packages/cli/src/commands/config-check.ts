import { type Config, isConfigError, loadConfig } from '@wrr/config';
import { Command } from 'commander';

/** `wrr config check FILE…`: says whether settings are right, and where they are not. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'validate settings files together with the environment; exit code 2 if one is wrong',
    )
    .argument('<file...>', 'settings files, YAML or JSON')
    .option('--no-env', 'ignore WRR_… variables')
    .action(async (files: string[], options: { env: boolean }) => {
      const env = options.env ? process.env : {};
      const results = await Promise.allSettled(files.map((file) => loadConfig(file, { env })));
      const errors = results.flatMap((result, index) => {
        if (result.status === 'rejected') return [result.reason as unknown];
        process.stdout.write(`${files[index]}: ${summary(result.value)}\n`);
        return [];
      });
      for (const error of errors.slice(0, -1)) {
        if (!isConfigError(error)) throw error;
        process.stderr.write(`${error.message}\n`);
      }
      if (errors.length > 0) throw errors.at(-1);
    });
}

function summary({ settings }: Config): string {
  const services = Object.keys(settings.services).length;
  return `ok, ${services} ${services === 1 ? 'service' : 'services'}`;
}
