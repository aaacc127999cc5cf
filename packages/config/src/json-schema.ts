import * as z from 'zod';
import { schema } from './schema.ts';

/** A JSON Schema, as far as this package reads its own. */
export interface JsonSchema {
  readonly properties?: unknown;
  readonly additionalProperties?: unknown;
  readonly anyOf?: unknown;
  readonly [keyword: string]: unknown;
}

let cached: JsonSchema | undefined;

/**
 * Returns the JSON Schema (draft 2020-12) of a settings file, for editors and for other checkers. It
 * says all but what relates two settings to each other. The package ships it as `schema.json`.
 */
export function jsonSchema(): JsonSchema {
  cached ??= {
    title: 'wrr settings',
    ...z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }),
  };
  return cached;
}
