import { parseArgs } from 'node:util';

/** What the command line asks for. */
export type Options =
  | {
      readonly kind: 'run';
      readonly registry: 'etcd' | 'memory' | undefined;
      readonly json: boolean;
      readonly plain: boolean;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** How to call the demo. */
export const USAGE = `usage: demo [--registry etcd|memory] [--plain] [--json]

  --registry etcd|memory  where servers register; default: etcd if one can be had, else memory
  --plain                 plain lines instead of live bars (the default where there is no terminal)
  --json                  the result as JSON on standard output, everything else on standard error
  --help                  this text

exit code: 0 if every promise was kept, 1 if one was broken, 2 if the command line is wrong`;

/** Reads the command line. */
export function parseOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        registry: { type: 'string' },
        json: { type: 'boolean', default: false },
        plain: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const { registry, json, plain } = values;
    if (registry !== undefined && registry !== 'etcd' && registry !== 'memory') {
      return { kind: 'wrong', message: `--registry must be etcd or memory, got ${registry}` };
    }
    return { kind: 'run', registry, json, plain };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
