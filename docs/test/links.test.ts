import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { markdownFiles, root } from './documents.ts';

const LINK = /(?<!!)\[[^\]]*\]\((?<target>[^)\s]+)\)|!\[[^\]]*\]\((?<image>[^)\s]+)\)/g;

/** The anchor that a heading gets on code hosts. */
function anchorOf(heading: string): string {
  return heading
    .replace(/[`*]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function anchorsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/^#+\s+(.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));
}

const links = markdownFiles().flatMap((path) => {
  const text = readFileSync(join(root, path), 'utf8').replace(/```[\s\S]*?```/g, '');
  const targets = [...text.matchAll(LINK)]
    .map(({ groups }) => groups?.['target'] ?? groups?.['image'] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
  return [...new Set(targets)].map((target) => ({ path, target }));
});

it.each(links)('$path: $target leads somewhere', ({ path, target }) => {
  const [file = '', anchor] = target.split('#');
  const full = file === '' ? path : join(dirname(path), file);
  expect(existsSync(join(root, full)), `${full} does not exist`).toBe(true);
  if (anchor !== undefined && full.endsWith('.md')) expect(anchorsOf(full)).toContain(anchor);
});

it('finds the documents', () => {
  expect(links.map(({ path }) => path)).toContain('README.md');
});
