import { closestMatch } from 'leven';
import { type JsonSchema, jsonSchema } from './json-schema.ts';
import { isMapping, type Path } from './path.ts';

/** What a setting's value can be, as far as names go. */
export interface Names {
  /** The names that a mapping at this place knows. */
  readonly known: readonly string[];
  /** Whether it takes other names too: services, addresses, metadata. */
  readonly open: boolean;
}

/** The names that are legal inside the mapping at `path`. */
export function namesAt(path: Path): Names {
  const found = path.reduce<readonly JsonSchema[]>(
    (schemas, segment) => schemas.flatMap((schema) => step(schema, String(segment))),
    alternatives(jsonSchema()),
  );
  return {
    known: found.flatMap((schema) => Object.keys(mappingOf(schema.properties))),
    open: found.some((schema) => isMapping(schema.additionalProperties)),
  };
}

/** ` (did you mean endpoints?)`, or nothing when no name is near. */
export function suggest(name: string, names: readonly string[]): string {
  const closest = closestMatch(name, [...names], { maxDistance: Math.ceil(name.length / 3) });
  return closest === undefined ? '' : ` (did you mean ${closest}?)`;
}

function step(schema: JsonSchema, name: string): readonly JsonSchema[] {
  const properties = mappingOf(schema.properties);
  const next = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
  return isMapping(next) ? alternatives(next) : [];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const branches = schema.anyOf;
  return Array.isArray(branches) ? branches.filter(isMapping).flatMap(alternatives) : [schema];
}

function mappingOf(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}
