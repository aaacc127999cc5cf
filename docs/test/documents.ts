import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The top folder of the repository. */
export const root: string = join(import.meta.dirname, '../..');

const SKIPPED = new Set([
  'node_modules',
  'dist',
  '.git',
  '.cache',
  '.turbo',
  '.stryker-tmp',
  'api',
  '.changeset',
]);

/** Paths of all Markdown files of the repository, from its top. */
export function markdownFiles(folder: string = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}
