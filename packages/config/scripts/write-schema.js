// Writes schema.json from the schema in src/; `test/json-schema.test.ts` fails when this was forgotten.
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '@wrr/config';

const file = new URL('../schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
