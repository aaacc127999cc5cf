import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { markdownFiles, root } from './documents.ts';

/**
 * Code in a document is a copy of a tested file. A block says of which one in the line above it:
 * `<!-- path -->` for the whole file, `<!-- path#name -->` for the part between `// #region name`
 * and `// #endregion name`. Blocks of shell commands, text, diagrams and data need no source.
 */
const BLOCK = /(?:<!-- (?<source>\S+) -->\n)?```(?<language>\w*)\n(?<code>[\s\S]*?)```/g;
const CODE = new Set(['js', 'ts', 'javascript', 'typescript', 'mjs', 'go']);

function sourceOf(reference: string): string {
  const [path = '', region] = reference.split('#');
  const text = readFileSync(join(root, path), 'utf8');
  if (region === undefined) return text;
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  const to = lines.findIndex((line) => line.trim() === `// #endregion ${region}`);
  if (from < 0 || to < from) throw new Error(`${path} has no region ${region}`);
  const part = lines.slice(from + 1, to);
  const indent = Math.min(
    ...part.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return `${part.map((line) => line.slice(indent)).join('\n')}\n`;
}

const blocks = markdownFiles().flatMap((path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(BLOCK)].flatMap((match) => {
    const { source, language = '', code = '' } = match.groups ?? {};
    return source !== undefined || CODE.has(language) ? [{ path, source, code }] : [];
  }),
);

it.each(blocks)('$path: its code is that of $source', ({ source, code }) => {
  expect(source, `a code block names no tested file:\n${code}`).toBeDefined();
  expect(code).toBe(sourceOf(source ?? ''));
});

it('finds the documents', () => {
  expect(blocks.map(({ path }) => path)).toContain('README.md');
});
