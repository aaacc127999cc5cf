import { readFileSync } from 'node:fs';
import { jsonSchema } from '@wrr/config';
import { expect, it } from 'vitest';

it('is what the package ships as schema.json (write it with: pnpm --filter @wrr/config schema)', () => {
  const shipped: unknown = JSON.parse(
    readFileSync(new URL('../schema.json', import.meta.url), 'utf8'),
  );
  expect(jsonSchema()).toEqual(shipped);
});

it('describes every setting', () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [name, inner] of Object.entries(
      (schema as { properties?: object }).properties ?? {},
    )) {
      const described = 'description' in inner || path.startsWith('registry.credentials.');
      if (!described) undescribed.push(`${path}.${name}`);
      visit(inner, `${path}.${name}`.replace(/^\./, ''));
    }
    visit((schema as { additionalProperties?: unknown }).additionalProperties, `${path}.*`);
    for (const branch of (schema as { anyOf?: unknown[] }).anyOf ?? []) visit(branch, path);
  };
  visit(jsonSchema(), '');
  expect(undescribed).toEqual([]);
});
