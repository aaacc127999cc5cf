import {
  type Config,
  formatOrigin,
  formatPath,
  loadConfig,
  maskSecrets,
  type Path,
} from '@wrr/config';
import { Command, Option } from 'commander';
import { Document, isCollection, isMap, isScalar, type Node, type YAMLMap } from 'yaml';

/** `wrr config print FILE`: the settings in effect, and where each value comes from. */
export function printCommand(): Command {
  return new Command('print')
    .description('print the effective settings with the origin of each value, secrets masked')
    .argument('<file>', 'settings file, YAML or JSON')
    .option('--no-env', 'ignore WRR_… variables')
    .addOption(
      new Option('-o, --output <format>', 'format of the output')
        .choices(['yaml', 'json'])
        .default('yaml')
        .env('WRR_OUTPUT'),
    )
    .action(async (file: string, options: { env: boolean; output: 'yaml' | 'json' }) => {
      const config = await loadConfig(file, options.env ? {} : { env: {} });
      process.stdout.write(options.output === 'json' ? asJson(config) : asYaml(config));
    });
}

/** A settings file again, with the origin of each value as a comment. */
function asYaml(config: Config): string {
  const document = new Document(maskSecrets(config.settings));
  for (const { path, node } of valuesOf(document)) {
    if (isCollection(node)) node.flow = true;
    node.comment = ` ${formatOrigin(config.originOf(path))}`;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** `{ settings, origins }`: `origins` has a text for every field. */
function asJson(config: Config): string {
  const document = new Document(config.settings);
  const origins = valuesOf(document).map(({ path }) => {
    return [formatPath(path), formatOrigin(config.originOf(path))];
  });
  const output = {
    settings: maskSecrets(config.settings),
    origins: Object.fromEntries(origins),
  };
  return `${JSON.stringify(output, null, 2)}\n`;
}

interface Value {
  readonly path: Path;
  readonly node: Node;
}

/** Everything that is set as one: single values, lists and empty mappings. */
function valuesOf(document: Document): readonly Value[] {
  const inside = (map: YAMLMap, path: Path): readonly Value[] =>
    map.items.flatMap(({ key, value }) => {
      const at = [...path, isScalar(key) ? String(key.value) : String(key)];
      if (isMap(value) && value.items.length > 0) return inside(value, at);
      return isScalar(value) || isCollection(value) ? [{ path: at, node: value }] : [];
    });
  return isMap(document.contents) ? inside(document.contents, []) : [];
}
