import { jsonSchema } from '@wrr/config';
import { Command } from 'commander';

/** `wrr config schema`: what an editor needs to complete and check settings. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of a settings file')
    .action(() => void process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`));
}
